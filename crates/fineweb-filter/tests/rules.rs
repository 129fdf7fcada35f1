//! Every rule just below, at, and above its threshold.

use fineweb_filter::{
    C4Quality, Document, DocumentFilter, Filter, FinewebQuality, GopherQuality, GopherRepetition, Lists,
    Outcome, Page, Preset, Reason, Scratch, Settings, Signal, Signals, Verdict, reasons,
};
use proptest::prelude::*;

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
    let v1 = GopherRepetition { preset: Preset::FinewebV1, ..rule };
    assert_eq!(reason(&v1, ""), None, "in 2024 no rule of this filter spoke of empty texts");
}

#[test]
fn lines_that_are_copied_were_parted_otherwise_in_2024() {
    let rule = GopherRepetition { max_dup_line_frac: 0.3, ..repetition() };
    let v1 = GopherRepetition { preset: Preset::FinewebV1, ..rule.clone() };
    for (text, today, then) in [
        ("a\n\nb\n\nc", false, false),      // one of two blank lines is a copy: 1 of 5
        ("a\n\nb\n\nc\n\nd", false, false), // 2 of 7
        ("a\n\nb\n\nc\n\nd\n\ne", false, true), // 3 of 9
        ("a\ra\nb", false, true),           // 1 of 3: a carriage return parts
    ] {
        assert_eq!(reason(&rule, text).is_some(), today, "{text:?} today");
        assert_eq!(reason(&v1, text).is_some(), then, "{text:?} in 2024");
    }
}

#[test]
fn gopher_words_of_terminal_marks_were_words_in_2024() {
    let rule = GopherQuality { min_words: 3, ..quality() };
    let v1 = GopherQuality { preset: Preset::FinewebV1, ..rule.clone() };
    assert_eq!(reason(&rule, "a b ।"), Some(reasons::GOPHER_SHORT_DOC));
    assert_eq!(reason(&v1, "a b ।"), None);
    assert_eq!(reason(&v1, "a b ."), Some(reasons::GOPHER_SHORT_DOC));
}

#[test]
fn presets_are_fineweb_s_values() {
    for preset in [Preset::Fineweb2025, Preset::FinewebV1] {
        let settings = Settings::preset(preset);
        let rules = settings
            .rules()
            .into_iter()
            .map(|rule| format!("{} {:?} {:?}", rule.reason, rule.signal, rule.bound));
        let at = |today: &str, then: &str| {
            if preset == Preset::Fineweb2025 { today.to_owned() } else { then.to_owned() }
        };
        let mut expect = vec![
            "language_score LanguageScore Above(0.4)".to_owned(),
            at("empty Characters AtLeast(1.0)", "empty Characters Off"),
        ];
        expect.extend(
            [
                "dup_para_frac DupParaFrac AtMost(0.3)",
                "dup_para_char_frac DupParaCharFrac AtMost(0.2)",
                "dup_line_frac DupLineFrac AtMost(0.3)",
                "dup_line_char_frac DupLineCharFrac AtMost(0.2)",
                "top_2_gram Top2Gram AtMost(0.2)",
                "top_3_gram Top3Gram AtMost(0.18)",
                "top_4_gram Top4Gram AtMost(0.16)",
                "duplicated_5_n_grams Dup5Gram AtMost(0.15)",
                "duplicated_6_n_grams Dup6Gram AtMost(0.14)",
                "duplicated_7_n_grams Dup7Gram AtMost(0.13)",
                "duplicated_8_n_grams Dup8Gram AtMost(0.12)",
                "duplicated_9_n_grams Dup9Gram AtMost(0.11)",
                "duplicated_10_n_grams Dup10Gram AtMost(0.1)",
                "empty Tokens AtLeast(1.0)",
                "gopher_short_doc Words AtLeast(50.0)",
                "gopher_long_doc Words AtMost(100000.0)",
                "gopher_below_avg_threshold MeanWordLength AtLeast(3.0)",
                "gopher_above_avg_threshold MeanWordLength AtMost(10.0)",
                "gopher_too_many_hashes HashRatio AtMost(0.1)",
                "gopher_too_many_ellipsis EllipsisRatio AtMost(0.1)",
                "gopher_too_many_bullets BulletLineRatio AtMost(0.9)",
                "gopher_too_many_end_ellipsis EllipsisLineRatio AtMost(0.3)",
                "gopher_below_alpha_threshold AlphaWordRatio AtLeast(0.8)",
                "gopher_enough_stop_words StopWords AtLeast(2.0)",
                "lorem_ipsum LoremIpsum AtMost(0.0)",
                "curly_bracket CurlyBracket AtMost(0.0)",
                "too_few_sentences Sentences AtLeast(5.0)",
            ]
            .map(str::to_owned),
        );
        expect.extend([
            at("empty CleanLines AtLeast(1.0)", "empty CleanLines Off"),
            at(
                "line_punct_ratio LinePunctRatio AtLeast(0.12)",
                "line_punct_ratio LinePunctRatio Above(0.12)",
            ),
            at("short_line_ratio ShortLineRatio AtMost(0.67)", "short_line_ratio ShortLineRatio Below(0.67)"),
            at("char_dup_ratio CharDupRatio AtMost(0.01)", "char_dup_ratio CharDupRatio Below(0.01)"),
            "list_ratio NewLineRatio AtMost(0.3)".to_owned(),
        ]);
        assert_eq!(rules.collect::<Vec<_>>(), expect);
    }
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
    let cited = "[1] a b c\n[2][3] [4] [5]\nd e f";
    out.clear();
    assert_eq!(rule.rewrite(&Document::new("", cited), &mut out), Verdict::Keep);
    assert_eq!(out, "a b c\n  \nd e f", "words are counted before citations go, and ends are stripped after");
    assert_eq!(reason(&rule, "a brace { here\nlorem ipsum too"), Some(reasons::CURLY_BRACKET));
    assert_eq!(reason(&rule, "a lorem ipsum here\na brace { too"), Some(reasons::LOREM_IPSUM));
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

/// Texts in which every rule has something to say, now and then.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,9}",
        3 => "the|of|and|with|to",
        2 => "[.!?…,#•-]",
        1 => "\\[1\\]|\\{|lorem ipsum|javascript|use cookies|can't|U\\.S\\.|\\PC",
        1 => Just("One sentence. Another one! A third? A fourth. And a fifth.".to_owned()),
    ];
    let space = prop_oneof![6 => Just(" "), 2 => Just("\n"), 1 => Just("\n\n"), 1 => Just("")];
    prop::collection::vec((piece, space), 0..60)
        .prop_map(|parts| parts.into_iter().flat_map(|(piece, space)| [piece, space.to_owned()]).collect())
}

fn bounds() -> impl Strategy<Value = Settings> {
    let share = || prop_oneof![Just(0.0), 0.0..1.0, Just(0.1), Just(0.5)];
    let shares = prop::collection::vec(share(), 22);
    let switches = prop::array::uniform3(prop::bool::weighted(0.8));
    (shares, 0usize..8, 0usize..4, switches, prop::bool::ANY).prop_map(|(at, few, stops, on, v1)| {
        let mut settings = Settings::preset(if v1 { Preset::FinewebV1 } else { Preset::Fineweb2025 });
        settings.language.keep.clear();
        settings.language.min_score = Some(at[0] - 0.5);
        settings.gopher_repetition = GopherRepetition {
            enabled: on[0],
            max_dup_para_frac: at[1],
            max_dup_para_char_frac: at[2],
            max_dup_line_frac: at[3],
            max_dup_line_char_frac: at[4],
            max_top_gram_frac: [at[5], at[6], at[7]],
            max_dup_gram_frac: [at[8], at[9], at[10], at[11], at[12], at[13]],
            ..settings.gopher_repetition
        };
        settings.gopher_quality = GopherQuality {
            enabled: on[1],
            min_words: few,
            max_words: 4 * few,
            min_mean_word_length: 3.0 * at[14],
            max_symbol_ratio: at[15],
            max_bullet_lines: at[16],
            max_ellipsis_lines: at[17],
            min_alpha_words: at[18],
            min_stop_words: stops,
            ..settings.gopher_quality
        };
        settings.c4.min_sentences = few;
        settings.fineweb = FinewebQuality {
            enabled: on[2],
            min_line_punct: at[19],
            max_short_lines: at[20],
            max_char_dup: at[21],
            ..settings.fineweb
        };
        settings
    })
}

/// The text of a document, or why there is none: reason, detail, and the text that the rule saw.
type Fate = Result<String, (Reason, Option<String>, String)>;

/// What became of a text; with what was measured where that was asked for.
fn outcome(settings: &Settings, text: &str, mut scratch: Scratch) -> (Fate, Option<Signals>) {
    let filter = Filter::new(settings, Lists::default()).expect("no language is named");
    let page = Page { id: "1", url: "http://a.example/", html: text, headers: &[] };
    match filter.judge_plain(&page, &mut scratch) {
        Outcome::Kept { text, signals, .. } => (Ok(text.to_owned()), signals.copied()),
        Outcome::Dropped { reason, detail, text, signals } => {
            (Err((reason, detail, text.to_owned())), signals.copied())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn measuring_changes_no_outcome_and_signals_judge_alike(text in text(), then in bounds(), now in bounds()) {
        let (judged, none) = outcome(&then, &text, Scratch::default());
        prop_assert!(none.is_none());
        let (measured, signals) = outcome(&then, &text, Scratch::measuring());
        prop_assert_eq!(&judged, &measured);
        let Some(signals) = signals else { return Ok(()) };
        if let Err((reasons::LANGUAGE, ..)) = judged { return Ok(()) }
        // other bounds, and what no bound tells of as it was
        let now = Settings { preset: then.preset, ..now };
        let (judged, _) = outcome(&now, &text, Scratch::default());
        let replayed = now.replay(&signals).map(|broken| broken.rule.reason);
        prop_assert_eq!(judged.err().map(|(reason, ..)| reason), replayed);
    }
}

#[test]
fn a_dropped_page_says_what_was_too_much() {
    let prose = "The cat and the dog live here with us. ".repeat(20);
    let (fell, signals) = outcome(&Settings::default(), &prose, Scratch::measuring());
    let (reason, detail, _) = fell.expect_err("it repeats itself");
    assert_eq!((reason, detail.as_deref()), (reasons::TOP_GRAM[1], Some("0.282 > 0.18")));
    let signals = signals.expect("it was measured");
    assert_eq!(
        (signals[Signal::Words], signals[Signal::Sentences], signals[Signal::CleanLines]),
        (180.0, 20.0, 1.0)
    );
}
