//! Backends of language detection: answers equal to the library's, and models that are not what they should be.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use fineweb_filter::language::{Detector, FastText, LanguageFilter};
use fineweb_filter::{Error, LanguageBackend, LanguageSettings, reasons};
use proptest::prelude::*;

const MODEL: &str = "../../../shared/data/weights/lid.176.ftz";

/// FineWeb's model in its small form, where this machine has it.
fn lid_176() -> Option<Vec<u8>> {
    let bytes = std::fs::read(MODEL).ok();
    if bytes.is_none() {
        println!("skipped: shared data is absent");
    }
    bytes
}

/// What fasttext-predict 0.9.2.4 says; `bench/language` compares a hundred thousand rows.
#[test]
fn answers_are_those_of_the_library() {
    let Some(bytes) = lid_176() else { return };
    let model = FastText::parse(&bytes).unwrap();
    for (text, label, score) in [
        ("The river rises in the northern hills.", "en", 0.955907),
        ("Der Fluss entspringt in den Hügeln.", "de", 0.946008),
        ("川は北の丘から流れ出る。", "ja", 1.00005),
        ("Río y montaña", "es", 0.95359),
        ("Río\ny\nmontaña", "es", 0.95359),
        ("ok", "en", 0.629765),
        ("   ", "en", 0.124504),
        ("</s> Der Fluss", "en", 0.124504),
        ("__label__de the river", "en", 0.879005),
        ("a\tb\x0bc\u{a0}d", "en", 0.124504),
        ("The quick brown fox jumps over the lazy dog </s> Der Fluss entspringt", "en", 0.720584),
    ] {
        let (found, probability) = model.predict(text).unwrap();
        assert_eq!(found, label, "{text}");
        assert!((probability - score).abs() < 2e-6, "{text}: {probability}, not {score}");
    }
    assert_eq!((model.name("eng"), model.name("en"), model.name("xx")), (Some("en"), Some("en"), None));
}

#[test]
fn a_filter_reads_its_model() {
    let settings = LanguageSettings {
        backend: LanguageBackend::Fasttext,
        model: MODEL.to_owned(),
        keep: vec!["deu".to_owned()],
        ..LanguageSettings::default()
    };
    let absent = LanguageSettings { model: "/no/such/model.ftz".to_owned(), ..settings.clone() };
    assert!(matches!(LanguageFilter::new(&absent), Err(Error::ReadModel { .. })));
    // tests run in the folder of their crate
    let wrong = LanguageSettings { model: "Cargo.toml".to_owned(), ..settings.clone() };
    assert!(matches!(LanguageFilter::new(&wrong), Err(Error::Model { .. })));
    if lid_176().is_none() {
        return;
    }
    let filter = LanguageFilter::new(&settings).unwrap();
    assert_eq!(filter.judge("Der Fluss entspringt in den Hügeln.").unwrap().code, "de");
    let (reason, found) = filter.judge("The river rises in the northern hills.").unwrap_err();
    assert_eq!((reason, found.unwrap().code), (reasons::LANGUAGE, "en"));
    let unknown = LanguageSettings { keep: vec!["klingon".to_owned()], ..settings };
    assert!(matches!(LanguageFilter::new(&unknown), Err(Error::UnknownLanguage { .. })));
}

#[test]
fn a_prefix_of_nothing_is_all() {
    let text = format!(
        "{} {}",
        "the river rises in the hills ".repeat(8),
        "Der Fluss entspringt in den nördlichen Hügeln und fließt durch zwei Täler bis zum Meer. ".repeat(60)
    );
    let judge = |prefix_bytes| {
        let settings = LanguageSettings {
            prefix_bytes,
            keep: vec![],
            min_score: Some(-1.0),
            ..LanguageSettings::default()
        };
        LanguageFilter::new(&settings).unwrap().judge(&text).unwrap().code
    };
    assert_eq!((judge(200), judge(0)), ("en", "de"));
}

/// A model of two words, three n-grams and two labels, as the library writes it.
fn small(quantised: bool, loss: i32) -> Vec<u8> {
    let mut out = vec![];
    let ints = |out: &mut Vec<u8>, numbers: &[i32]| out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
    let longs = |out: &mut Vec<u8>, numbers: &[i64]| out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
    let floats =
        |out: &mut Vec<u8>, numbers: &[f32]| out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
    ints(&mut out, &[793_712_314, 12, 2, 5, 5, 1, 5, 2, loss, 3, 8, 2, 3, 100]);
    out.extend(1e-4f64.to_le_bytes());
    ints(&mut out, &[4, 2, 2]);
    longs(&mut out, &[100, 3]);
    for (word, count, kind) in
        [("</s>", 9i64, 0u8), ("good", 5, 0), ("__label__en", 6, 1), ("__label__de", 4, 1)]
    {
        out.extend(word.as_bytes());
        out.push(0);
        out.extend(count.to_le_bytes());
        out.push(kind);
    }
    ints(&mut out, &[0, 0, 3, 1, 7, 2]);
    out.push(u8::from(quantised));
    if quantised {
        out.push(1);
        longs(&mut out, &[5, 2]);
        ints(&mut out, &[10]);
        out.extend(0..10u8);
        ints(&mut out, &[2, 2, 1, 1]);
        floats(&mut out, &(0..512).map(|n| n as f32 / 100.0 - 2.0).collect::<Vec<_>>());
        out.extend(0..5u8);
        ints(&mut out, &[1, 1, 1, 1]);
        floats(&mut out, &(0..256).map(|n| n as f32 / 50.0).collect::<Vec<_>>());
    } else {
        longs(&mut out, &[5, 2]);
        floats(&mut out, &[0.5, -1.0, 2.0, 0.25, -0.5, 1.5, 3.0, -2.0, 0.0, 1.0]);
    }
    out.push(0);
    longs(&mut out, &[2, 2]);
    floats(&mut out, &[1.0, -1.0, 0.5, 0.5]);
    out
}

#[test]
fn damaged_models_are_refused_or_read_and_never_break() {
    for bytes in [small(false, 1), small(true, 1), small(true, 3)] {
        let model = FastText::parse(&bytes).unwrap();
        assert!(model.predict("good morning").is_some());
        for end in 0..bytes.len() {
            assert!(FastText::parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                if let Ok(model) = FastText::parse(&damaged) {
                    model.predict("good morning, guten Morgen");
                }
            }
        }
    }
    let problem = |at: usize, number: i32| {
        let mut bytes = small(true, 1);
        bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        FastText::parse(&bytes).unwrap_err()
    };
    assert_eq!(problem(0, 7), "it is no model of fastText");
    assert_eq!(problem(4, 11), "its version is 11; expected 12");
    assert_eq!(problem(8, i32::MAX), "the width of vectors is 2147483647; expected 1 to 4096");
    assert!(problem(32, 2).starts_with("its loss is number 2"));
    assert_eq!(problem(64, i32::MAX), "the size of the dictionary is 2147483647; expected 1 to 329");
}

proptest! {
    #[test]
    fn no_text_breaks_a_model(text in "\\PC{0,60}|[ \\n\\t</s>a-c]{0,60}", loss in prop::sample::select(vec![1, 3])) {
        let model = FastText::parse(&small(true, loss)).unwrap();
        let (label, probability) = model.predict(&text).expect("the end is a word");
        prop_assert!(["en", "de"].contains(&label) && (0.0..1.001).contains(&probability));
    }
}
