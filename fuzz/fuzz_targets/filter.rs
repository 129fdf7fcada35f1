//! Any page has one outcome: whatever was judged before it, whether or not values are measured, and by them again.

#![no_main]

use std::sync::LazyLock;

use fineweb_filter::{
    ExtractSettings, Filter, LanguageSettings, Lists, Outcome, Page, PiiSettings, Preset, Scratch, Settings,
    reasons,
};
use libfuzzer_sys::fuzz_target;

static FILTERS: LazyLock<Vec<(Settings, Filter)>> = LazyLock::new(|| {
    [Preset::Fineweb2025, Preset::FinewebV1]
        .into_iter()
        .flat_map(|preset| [strict(preset), lenient(preset)])
        .collect()
});

/// As FineWeb has it, with all that can be asked for besides.
fn strict(preset: Preset) -> (Settings, Filter) {
    let pii = PiiSettings { email: true, ipv4: true, ipv6: true, phone: true, iban: true, card: true };
    with_filter(Settings {
        pii,
        extract: ExtractSettings { max_nodes: 100_000, ..Default::default() },
        ..Settings::preset(preset)
    })
}

/// The same for all languages and short texts, so that what comes behind those rules has work too.
fn lenient(preset: Preset) -> (Settings, Filter) {
    let (mut settings, _) = strict(preset);
    settings.language = LanguageSettings { keep: Vec::new(), min_score: Some(-1.0), ..Default::default() };
    settings.gopher_quality.min_words = 0;
    settings.gopher_quality.min_stop_words = 0;
    with_filter(settings)
}

fn with_filter(settings: Settings) -> (Settings, Filter) {
    let filter = Filter::new(&settings, Lists::default()).expect("no files are named");
    (settings, filter)
}

/// Reason, text and the like, without what was measured.
fn decision(outcome: &Outcome<'_>) -> String {
    let mut outcome = outcome.clone();
    match &mut outcome {
        Outcome::Kept { signals, .. } | Outcome::Dropped { signals, .. } => *signals = None,
    }
    format!("{outcome:?}")
}

/// As a page, or as text that somebody else extracted.
fn judge<'s>(filter: &Filter, page: &Page<'_>, plain: bool, scratch: &'s mut Scratch) -> Outcome<'s> {
    if plain { filter.judge_plain(page, scratch) } else { filter.judge(page, scratch) }
}

fuzz_target!(|input: (u8, &str)| {
    let (how, html) = input;
    let plain = how & 128 != 0;
    let (settings, filter) = &FILTERS[usize::from(how) % FILTERS.len()];
    let page = Page { id: "id", url: "https://example.org/blog/1", html, headers: &[] };

    let mut scratch = Scratch::default();
    let first = decision(&judge(filter, &page, plain, &mut scratch));
    assert_eq!(first, decision(&judge(filter, &page, plain, &mut scratch)), "a page judged again");

    let mut measuring = Scratch::measuring();
    let measured = judge(filter, &page, plain, &mut measuring);
    assert_eq!(first, decision(&measured), "a page that is measured");
    let (reason, signals) = match measured {
        Outcome::Kept { signals, .. } => (None, signals),
        Outcome::Dropped { reason, signals, .. } => (Some(reason), signals),
    };
    // which language it is has no bound, only its score
    if let Some(signals) = signals.filter(|_| reason != Some(reasons::LANGUAGE)) {
        let again = settings.replay(signals).map(|broken| broken.rule.reason);
        assert_eq!(reason, again, "judged by what was measured");
    }
});
