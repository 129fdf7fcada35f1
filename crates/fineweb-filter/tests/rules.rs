//! Every rule just below, at, and above its threshold.

use fineweb_filter::{
    C4Quality, Document, DocumentFilter, FinewebQuality, GopherQuality, GopherRepetition, Preset, Reason,
    Verdict, reasons,
};

fn reason(filter: &dyn DocumentFilter, text: &str) -> Option<Reason> {
    filter.judge(&Document::new("", text)).reason()
}

/// `n` different words of `length` letters, without repeated n-grams.
fn words(n: usize, length: usize) -> Vec<String> {
    let word = |mut at: usize| {
        let mut letters = vec![b'a'; length];
        for letter in letters.iter_mut().rev() {
            *letter += (at % 26) as u8;
            at /= 26;
        }
        String::from_utf8_lossy(&letters).into_owned()
    };
    (0..n).map(word).collect()
}

/// Only the rules that a test sets are on.
fn quality() -> GopherQuality {
    GopherQuality {
        min_words: 0,
        max_words: 0,
        min_mean_word_length: 0.0,
        max_mean_word_length: 0.0,
        max_symbol_ratio: 0.0,
        max_bullet_lines: 0.0,
        max_ellipsis_lines: 0.0,
        min_alpha_words: 0.0,
        min_stop_words: 0,
        ..GopherQuality::default()
    }
}

#[test]
fn gopher_counts_words_without_marks() {
    let rule = GopherQuality { min_words: 50, max_words: 60, ..quality() };
    let text = |n| format!("{} . , !", words(n, 4).join(" "));
    assert_eq!(reason(&rule, &text(49)), Some(reasons::GOPHER_SHORT_DOC));
    assert_eq!(reason(&rule, &text(50)), None);
    assert_eq!(reason(&rule, &text(60)), None);
    assert_eq!(reason(&rule, &text(61)), Some(reasons::GOPHER_LONG_DOC));
}

#[test]
fn gopher_mean_word_length() {
    let rule = GopherQuality { min_mean_word_length: 3.0, max_mean_word_length: 10.0, ..quality() };
    assert_eq!(reason(&rule, "abc abcd ab"), None);
    assert_eq!(reason(&rule, "abc abc ab"), Some(reasons::GOPHER_BELOW_AVG_THRESHOLD));
    assert_eq!(reason(&rule, "éééééééééé"), None, "letters count, not bytes");
    assert_eq!(reason(&rule, "abcdefghij abcdefghijk"), Some(reasons::GOPHER_ABOVE_AVG_THRESHOLD));
}

#[test]
fn gopher_symbols() {
    let rule = GopherQuality { max_symbol_ratio: 0.1, ..quality() };
    let nine = words(9, 3).join(" ");
    assert_eq!(reason(&rule, &format!("{nine} #")), None, "1 of 10 is at the limit");
    assert_eq!(reason(&rule, &format!("{} #", words(8, 3).join(" "))), Some(reasons::GOPHER_TOO_MANY_HASHES));
    assert_eq!(reason(&rule, &format!("{nine} ...")), None);
    assert_eq!(
        reason(&rule, &format!("{} … ...", words(9, 3).join(" "))),
        Some(reasons::GOPHER_TOO_MANY_ELLIPSIS)
    );
}

#[test]
fn gopher_lines() {
    let lines = |marked: usize, all: usize, with: &dyn Fn(bool) -> &'static str| {
        (0..all).map(|at| with(at < marked)).collect::<Vec<_>>().join("\n")
    };
    let rule = GopherQuality { max_bullet_lines: 0.9, max_ellipsis_lines: 0.3, ..quality() };
    let bullet = |marked| if marked { "  - item" } else { "line" };
    assert_eq!(reason(&rule, &lines(9, 10, &bullet)), None);
    assert_eq!(reason(&rule, &lines(10, 10, &bullet)), Some(reasons::GOPHER_TOO_MANY_BULLETS));
    let trail = |marked| if marked { "more... " } else { "line" };
    assert_eq!(reason(&rule, &lines(3, 10, &trail)), None);
    assert_eq!(reason(&rule, &lines(4, 10, &trail)), Some(reasons::GOPHER_TOO_MANY_END_ELLIPSIS));
}

#[test]
fn gopher_letters_and_stop_words() {
    let rule = GopherQuality { min_alpha_words: 0.8, ..quality() };
    assert_eq!(reason(&rule, "a b c d ."), None, "4 of 5 is at the limit");
    assert_eq!(reason(&rule, "a b c d . ."), Some(reasons::GOPHER_BELOW_ALPHA_THRESHOLD));
    let rule = GopherQuality { min_stop_words: 2, ..quality() };
    assert_eq!(reason(&rule, "the cat and dog"), None);
    assert_eq!(reason(&rule, "the cat the dog"), Some(reasons::GOPHER_ENOUGH_STOP_WORDS));
    assert_eq!(reason(&rule, "The cat and dog"), Some(reasons::GOPHER_ENOUGH_STOP_WORDS), "case counts");
    let v1 = GopherQuality { preset: Preset::FinewebV1, ..rule };
    assert_eq!(reason(&v1, "the cat the dog"), None, "occurrences counted in 2024");
}

/// Only the rules that a test sets are on.
fn repetition() -> GopherRepetition {
    GopherRepetition {
        max_dup_para_frac: 0.0,
        max_dup_para_char_frac: 0.0,
        max_dup_line_frac: 0.0,
        max_dup_line_char_frac: 0.0,
        max_top_gram_frac: [0.0; 3],
        max_dup_gram_frac: [0.0; 6],
        ..GopherRepetition::default()
    }
}

#[test]
fn repeated_lines_and_paragraphs() {
    let rule = GopherRepetition { max_dup_line_frac: 0.25, ..repetition() };
    assert_eq!(reason(&rule, "a\nb\nc\na"), None, "1 of 4 is at the limit");
    assert_eq!(reason(&rule, "a\nb\na"), Some(reasons::DUP_LINE_FRAC));
    let rule = GopherRepetition { max_dup_line_char_frac: 0.25, ..repetition() };
    assert_eq!(reason(&rule, "ab\nab\nxx"), None, "2 of 8 characters");
    assert_eq!(reason(&rule, "ab\nab\nx"), Some(reasons::DUP_LINE_CHAR_FRAC));
    let rule = GopherRepetition { max_dup_para_frac: 0.5, ..repetition() };
    assert_eq!(reason(&rule, "a\n\na\n"), None, "1 of 2, outer space stripped");
    assert_eq!(reason(&rule, "a\n\na\n\n\na"), Some(reasons::DUP_PARA_FRAC));
    let rule = GopherRepetition { max_dup_para_char_frac: 0.25, ..repetition() };
    assert_eq!(reason(&rule, "a\n\na"), None, "1 of 4 characters");
    assert_eq!(reason(&rule, "ab\n\nab"), Some(reasons::DUP_PARA_CHAR_FRAC));
    assert_eq!(reason(&rule, ""), Some(reasons::EMPTY));
}

#[test]
fn repeated_grams() {
    let rule = GopherRepetition { max_top_gram_frac: [0.5, 0.0, 0.0], ..repetition() };
    // "a b" twice is 6 of 12 characters.
    assert_eq!(reason(&rule, "a b c a b dd"), None);
    assert_eq!(reason(&rule, "a b c a b d"), Some(reasons::TOP_GRAM[0]));
    let rule = GopherRepetition { max_dup_gram_frac: [0.25, 0.0, 0.0, 0.0, 0.0, 0.0], ..repetition() };
    // The second "a b c d e" is 5 of 20 characters, then of 19.
    assert_eq!(reason(&rule, "a b c d e a b c d e."), None);
    assert_eq!(reason(&rule, "a b c d e a b c d e"), Some(reasons::DUP_GRAM[0]));
}

#[test]
fn c4_removes_lines_and_drops_pages() {
    let rule = C4Quality { min_sentences: 0, ..C4Quality::default() };
    let long = "x".repeat(1_001);
    let at_limit = "x".repeat(1_000);
    let text = format!(
        "  Three words here[3]  \ntwo words\nsome {long} word\nsome {at_limit} word\n\
         We use cookies on this site\nEnable JavaScript to go on\nshort {{\nlast line stays"
    );
    let mut out = String::new();
    assert_eq!(rule.rewrite(&Document::new("", &text), &mut out), Verdict::Keep);
    assert_eq!(out, format!("Three words here\nsome {at_limit} word\nlast line stays"));
    assert_eq!(reason(&rule, "a brace { here"), Some(reasons::CURLY_BRACKET));
    assert_eq!(reason(&rule, "the Lorem Ipsum text"), Some(reasons::LOREM_IPSUM));
    assert_eq!(reason(&rule, "javascript with a { is only removed"), None);
}

#[test]
fn c4_counts_sentences() {
    let rule = C4Quality::default();
    assert_eq!(
        reason(&rule, "One is here. Two is here. Three is. Four is"),
        Some(reasons::TOO_FEW_SENTENCES)
    );
    assert_eq!(reason(&rule, "One is here. Two is here. Three is. Four is. Five"), None);
}

/// Only the rules that a test sets are on.
fn fineweb() -> FinewebQuality {
    FinewebQuality {
        min_line_punct: 0.0,
        max_short_lines: 0.0,
        max_char_dup: 0.0,
        max_new_lines: 0.0,
        ..Default::default()
    }
}

#[test]
fn fineweb_ends_of_lines() {
    let rule = FinewebQuality { min_line_punct: 0.25, ..fineweb() };
    let v1 = FinewebQuality { preset: Preset::FinewebV1, ..rule.clone() };
    for (text, today, then) in [
        ("end.\nb\nc", false, false),
        ("end.\nb\nc\nd", false, true),
        ("end.\nb\nc\nd\ne", true, true),
        ("end. \nb\nc", true, true),
        ("end\"\nb\nc", true, false),
        ("終わり。\nb\nc", false, true),
        ("end.\n\nb\n\nc", false, true),
    ] {
        assert_eq!(reason(&rule, text).is_some(), today, "{text:?} today");
        assert_eq!(reason(&v1, text).is_some(), then, "{text:?} in 2024");
    }
    assert_eq!(reason(&rule, " \n\n"), Some(reasons::EMPTY));
}

#[test]
fn fineweb_short_and_copied_lines() {
    let (short, long) = ("x".repeat(30), "y".repeat(31));
    let rule = FinewebQuality { max_short_lines: 0.5, ..fineweb() };
    let v1 = FinewebQuality { preset: Preset::FinewebV1, ..rule.clone() };
    let even = format!("{short}\n{long}");
    assert_eq!(reason(&rule, &even), None);
    assert_eq!(reason(&v1, &even), Some(reasons::SHORT_LINE_RATIO));
    assert_eq!(reason(&rule, &format!("{even}\n{short}")), Some(reasons::SHORT_LINE_RATIO));

    let rule = FinewebQuality { max_char_dup: 0.25, ..fineweb() };
    let v1 = FinewebQuality { preset: Preset::FinewebV1, ..rule.clone() };
    assert_eq!(reason(&rule, "ab\nab\ncdef"), None, "2 of 8, line feeds not counted");
    assert_eq!(reason(&v1, "ab\nab\ncdef"), Some(reasons::CHAR_DUP_RATIO));
    assert_eq!(reason(&rule, "ab\nab\ncde"), Some(reasons::CHAR_DUP_RATIO));

    let rule = FinewebQuality { max_new_lines: 0.3, ..fineweb() };
    assert_eq!(reason(&rule, "a b c\nd e f\ng h i\nj"), None, "3 of 10");
    assert_eq!(reason(&rule, "a b c\nd e f\ng h i\n"), Some(reasons::LIST_RATIO));
}
