//! Every reason for which this crate drops a page; names as in datatrove where it has one.
//!
//! | reason | what happened |
//! |---|---|
//! | `takedown` | address, host or id is on a list of takedowns |
//! | `url_domain`, `url_subdomain`, `url_exact` | registered domain, host, or whole address is listed |
//! | `url_hard_word`, `url_soft_words`, `url_subword` | a banned word, several dubious words, or a banned part of a word in the address |
//! | `no_text` | the page has no main text |
//! | `opt_out`, `licence` | the page opts out of such use; it stands under no licence that was asked for |
//! | `language`, `language_score` | another language than asked for; the right one, but not surely |
//! | `empty` | no words or lines to judge |
//! | `dup_para_frac`, `dup_para_char_frac`, `dup_line_frac`, `dup_line_char_frac` | repeated paragraphs or lines, by count or by length |
//! | `top_2_gram` … `top_4_gram` | one n-gram makes up too much of the text |
//! | `duplicated_5_n_grams` … `duplicated_10_n_grams` | repeated n-grams make up too much of the text |
//! | `gopher_short_doc`, `gopher_long_doc` | number of words |
//! | `gopher_below_avg_threshold`, `gopher_above_avg_threshold` | mean length of words |
//! | `gopher_too_many_hashes`, `gopher_too_many_ellipsis` | symbols per token |
//! | `gopher_too_many_bullets`, `gopher_too_many_end_ellipsis` | lines that begin with a bullet or trail off |
//! | `gopher_below_alpha_threshold` | too few tokens have a letter |
//! | `gopher_enough_stop_words` | too few stop words |
//! | `lorem_ipsum`, `curly_bracket`, `too_few_sentences` | C4: filler text, code, little prose |
//! | `line_punct_ratio`, `short_line_ratio`, `char_dup_ratio`, `list_ratio` | FineWeb: lines without end, short lines, copied lines, line feeds per token |
//! | `contaminated` | decontamination: shares a run of words with a benchmark |
//! | `exact_duplicate`, `near_duplicate`, `address_duplicate` | deduplication: a better copy is kept |

use crate::Reason;

/// Address, host or id is on a list of takedowns.
pub const TAKEDOWN: Reason = Reason("takedown");
/// Registered domain is listed.
pub const URL_DOMAIN: Reason = Reason("url_domain");
/// Host name is listed.
pub const URL_SUBDOMAIN: Reason = Reason("url_subdomain");
/// Whole address is listed.
pub const URL_EXACT: Reason = Reason("url_exact");
/// A banned word in the address.
pub const URL_HARD_WORD: Reason = Reason("url_hard_word");
/// Several dubious words in the address.
pub const URL_SOFT_WORDS: Reason = Reason("url_soft_words");
/// A banned part of a word in the address.
pub const URL_SUBWORD: Reason = Reason("url_subword");
/// The page has no main text.
pub const NO_TEXT: Reason = Reason("no_text");
/// The page opts out of such use.
pub const OPT_OUT: Reason = Reason("opt_out");
/// The page stands under no licence that was asked for.
pub const LICENCE: Reason = Reason("licence");
/// Another language than asked for.
pub const LANGUAGE: Reason = Reason("language");
/// The right language, but not surely.
pub const LANGUAGE_SCORE: Reason = Reason("language_score");
/// No words or lines to judge.
pub const EMPTY: Reason = Reason("empty");
/// Repeated paragraphs, by count.
pub const DUP_PARA_FRAC: Reason = Reason("dup_para_frac");
/// Repeated paragraphs, by length.
pub const DUP_PARA_CHAR_FRAC: Reason = Reason("dup_para_char_frac");
/// Repeated lines, by count.
pub const DUP_LINE_FRAC: Reason = Reason("dup_line_frac");
/// Repeated lines, by length.
pub const DUP_LINE_CHAR_FRAC: Reason = Reason("dup_line_char_frac");
/// Too few words.
pub const GOPHER_SHORT_DOC: Reason = Reason("gopher_short_doc");
/// Too many words.
pub const GOPHER_LONG_DOC: Reason = Reason("gopher_long_doc");
/// Words too short.
pub const GOPHER_BELOW_AVG_THRESHOLD: Reason = Reason("gopher_below_avg_threshold");
/// Words too long.
pub const GOPHER_ABOVE_AVG_THRESHOLD: Reason = Reason("gopher_above_avg_threshold");
/// Too many `#`.
pub const GOPHER_TOO_MANY_HASHES: Reason = Reason("gopher_too_many_hashes");
/// Too many ellipses.
pub const GOPHER_TOO_MANY_ELLIPSIS: Reason = Reason("gopher_too_many_ellipsis");
/// Too many lines begin with a bullet.
pub const GOPHER_TOO_MANY_BULLETS: Reason = Reason("gopher_too_many_bullets");
/// Too many lines trail off.
pub const GOPHER_TOO_MANY_END_ELLIPSIS: Reason = Reason("gopher_too_many_end_ellipsis");
/// Too few tokens have a letter.
pub const GOPHER_BELOW_ALPHA_THRESHOLD: Reason = Reason("gopher_below_alpha_threshold");
/// Too few stop words; the name is datatrove's.
pub const GOPHER_ENOUGH_STOP_WORDS: Reason = Reason("gopher_enough_stop_words");
/// Filler text.
pub const LOREM_IPSUM: Reason = Reason("lorem_ipsum");
/// A brace in a line: code.
pub const CURLY_BRACKET: Reason = Reason("curly_bracket");
/// Little prose is left.
pub const TOO_FEW_SENTENCES: Reason = Reason("too_few_sentences");
/// Too few lines end with a terminal mark.
pub const LINE_PUNCT_RATIO: Reason = Reason("line_punct_ratio");
/// Too many short lines.
pub const SHORT_LINE_RATIO: Reason = Reason("short_line_ratio");
/// Too much text in copied lines.
pub const CHAR_DUP_RATIO: Reason = Reason("char_dup_ratio");
/// Too many line feeds per token.
pub const LIST_RATIO: Reason = Reason("list_ratio");
/// Shares a run of words with a benchmark.
pub const CONTAMINATED: Reason = Reason("contaminated");
/// A document with the same text is kept.
pub const EXACT_DUPLICATE: Reason = Reason("exact_duplicate");
/// A document with nearly the same text is kept.
pub const NEAR_DUPLICATE: Reason = Reason("near_duplicate");
/// A document of the same address is kept.
pub const ADDRESS_DUPLICATE: Reason = Reason("address_duplicate");
/// One n-gram makes up too much of the text, for n = 2, 3, 4.
pub const TOP_GRAM: [Reason; 3] = [Reason("top_2_gram"), Reason("top_3_gram"), Reason("top_4_gram")];
/// Repeated n-grams make up too much of the text, for n = 5 to 10.
pub const DUP_GRAM: [Reason; 6] = [
    Reason("duplicated_5_n_grams"),
    Reason("duplicated_6_n_grams"),
    Reason("duplicated_7_n_grams"),
    Reason("duplicated_8_n_grams"),
    Reason("duplicated_9_n_grams"),
    Reason("duplicated_10_n_grams"),
];
