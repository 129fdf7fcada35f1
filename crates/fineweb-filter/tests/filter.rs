//! The whole filter: order of its parts, and that no page breaks it.

use fineweb_filter::dedup::MinHashSettings;
use fineweb_filter::language::{Detector, Language, LanguageFilter};
use fineweb_filter::redact::Pii;
use fineweb_filter::rights::OptOut;
use fineweb_filter::{
    Document, DocumentFilter, Error, Extract, Extractor, ExtractorKind, Filter, Lists, Outcome, Page,
    PiiSettings, Preset, Reason, Redactor, RightsSettings, Scratch, Settings, UrlFilter, UrlSettings,
    Verdict, reasons,
};
use proptest::prelude::*;

const PROSE: &str = "The river rises in the northern hills and runs through two valleys before it meets the sea. \
    People have lived on its banks for a very long time, and their houses stand close to the water. \
    Every spring the snow melts and the fields are flooded for a week or more. \
    Farmers wait for this moment, because the mud that stays behind feeds the grain. \
    Nobody knows who built the old bridge, but it has carried traders and their animals since before the first maps. \
    Write to the keeper at keeper@river.example or visit when the doors are open to guests.";

fn html(body: &str) -> String {
    format!(
        "<html><head><title>River</title></head><body><nav><a href=/>Home</a></nav><p>{body}</p></body></html>"
    )
}

fn judge<'s>(filter: &Filter, url: &str, html: &str, scratch: &'s mut Scratch) -> Outcome<'s> {
    filter.judge(&Page { id: "<urn:uuid:1>", url, html, headers: &[] }, scratch)
}

fn reason(filter: &Filter, url: &str, html: &str) -> Option<Reason> {
    match judge(filter, url, html, &mut Scratch::default()) {
        Outcome::Dropped { reason, .. } => Some(reason),
        Outcome::Kept { .. } => None,
    }
}

#[test]
fn a_page_becomes_a_document() {
    let filter = Filter::new(&Settings::default(), Lists::default()).expect("defaults are valid");
    let mut scratch = Scratch::default();
    let Outcome::Kept { text, language, language_score, .. } =
        judge(&filter, "https://a.example/", &html(PROSE), &mut scratch)
    else {
        panic!("the page is good");
    };
    assert_eq!(language, "en");
    assert!(language_score > 0.65);
    assert!(text.starts_with("The river rises") && !text.contains("Home"), "{text}");
    assert!(!text.contains("keeper@river.example") && text.contains("@example."), "{text}");
}

#[test]
fn parts_run_in_order() {
    let mut lists = Lists::default();
    lists.add_domains("blocked.example");
    let filter = Filter::new(&Settings::default(), lists).expect("valid");
    assert_eq!(reason(&filter, "http://www.blocked.example/x", ""), Some(reasons::URL_DOMAIN));
    assert_eq!(reason(&filter, "http://a.example/", "<script>x</script>"), Some(reasons::NO_TEXT));
    let german = "Der Fluss entspringt in den nördlichen Hügeln und fließt durch zwei Täler bis zum Meer.";
    assert_eq!(reason(&filter, "http://a.example/", &html(german)), Some(reasons::LANGUAGE));
    let short: String = PROSE.split_inclusive(". ").take(2).collect();
    assert_eq!(reason(&filter, "http://a.example/", &html(&short)), Some(reasons::GOPHER_SHORT_DOC));
}

#[test]
fn wishes_about_use_are_recorded_and_followed_where_asked() {
    let (opted_out, cc_by) = ("noai, noimageai", "https://creativecommons.org/licenses/by/4.0/");
    let html = html(PROSE).replace("<head>", &format!("<head><link rel=license href='{cc_by}'>"));
    let headers = [("X-Robots-Tag".to_owned(), opted_out.to_owned())];
    let page = Page { id: "<urn:uuid:1>", url: "https://a.example/", html: &html, headers: &headers };
    let judge = |settings: &Settings| {
        let filter = Filter::new(settings, Lists::default()).expect("valid");
        match filter.judge(&page, &mut Scratch::default()) {
            Outcome::Kept { rights, .. } => Ok(rights.clone()),
            Outcome::Dropped { reason, detail, .. } => Err((reason, detail.unwrap_or_default())),
        }
    };
    let mut settings = Settings::default();
    let rights = judge(&settings).expect("nothing was asked for");
    assert_eq!((rights.opt_out, rights.licence.as_deref()), (Some(OptOut::NoaiHeader), Some("CC-BY-4.0")));
    settings.rights.drop_opt_outs = vec![OptOut::NoaiHeader, OptOut::NoaiMeta];
    assert_eq!(judge(&settings), Err((reasons::OPT_OUT, "noai_header".to_owned())));
    // it says more than that, and that weighs more; it says this all the same
    settings.rights.drop_opt_outs = vec![OptOut::NoimageaiHeader];
    assert_eq!(judge(&settings), Err((reasons::OPT_OUT, "noimageai_header".to_owned())));
    settings.rights.drop_opt_outs = vec![OptOut::NoaiMeta];
    assert!(judge(&settings).is_ok());
    settings.rights = RightsSettings { licences: vec!["CC0-1.0".to_owned()], ..RightsSettings::default() };
    assert_eq!(judge(&settings), Err((reasons::LICENCE, "CC-BY-4.0".to_owned())));
}

#[test]
fn urls_are_blocked_by_each_list() {
    let mut lists = Lists::default();
    lists.add_domains("# a comment\nBad.co.uk\nhost.good.example\n");
    lists.add_urls("site.example/page/\nhttp://other.example/x?y=1\n");
    lists.add_hard_words("Very-Bad\n");
    lists.add_soft_words("soft\nmild\n");
    lists.add_subwords("aw ful\n");
    let filter = UrlFilter::new(&UrlSettings::default(), lists);
    for (url, expect) in [
        ("https://www.bad.co.uk:80/", Some(reasons::URL_DOMAIN)),
        ("https://host.good.example/", Some(reasons::URL_SUBDOMAIN)),
        ("https://good.example/", None),
        ("https://SITE.example/page#part", Some(reasons::URL_EXACT)),
        ("http://other.example/x?y=1", Some(reasons::URL_EXACT)),
        ("http://other.example/x?y=2", None),
        ("http://a.example/so-VeryBad-thing", Some(reasons::URL_HARD_WORD)),
        ("http://a.example/soft", None),
        ("http://a.example/soft/soft", None),
        ("http://a.example/soft/MILD", Some(reasons::URL_SOFT_WORDS)),
        ("http://a.example/l-aw-FUL", Some(reasons::URL_SUBWORD)),
        ("", None),
    ] {
        assert_eq!(filter.reason(url), expect, "{url}");
    }
}

#[test]
fn private_data_is_replaced_by_the_document_s_id() {
    let pii = Pii::new(&PiiSettings::default());
    let redact = |id: &str, text: &str| {
        let mut out = String::new();
        pii.redact(id, text, &mut out);
        out
    };
    for kept in ["10.0.0.1", "192.168.1.1", "127.0.0.1", "100.64.0.1", "01.02.03.04", "no address", "a@b"] {
        assert_eq!(redact("1", kept), kept);
    }
    let text = "mail John.Doe+x@mail.example.com, host 8.8.8.8.";
    let first = redact("1", text);
    assert!(!first.contains("John") && !first.contains("8.8.8.8") && first.ends_with('.'), "{first}");
    assert_eq!(first, redact("1", text));
    let variants: std::collections::BTreeSet<String> =
        (0..50).map(|id| redact(&id.to_string(), text)).collect();
    assert_eq!(variants.len(), 6, "two addresses for mail and six for hosts, by one hash");
}

struct NoRivers;

impl DocumentFilter for NoRivers {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        if document.words().any(|word| word == "river") {
            Verdict::Drop(Reason("river"))
        } else {
            Verdict::Keep
        }
    }
}

#[test]
fn filters_can_be_added_and_batched() {
    let filter = Filter::new(&Settings::default(), Lists::default()).expect("valid").then(Box::new(NoRivers));
    assert_eq!(reason(&filter, "", &html(PROSE)), Some(Reason("river")));
    let documents = [Document::new("", "a river"), Document::new("", "a hill")];
    let mut verdicts = Vec::new();
    NoRivers.judge_all(&documents, &mut verdicts);
    assert_eq!(verdicts, [Verdict::Drop(Reason("river")), Verdict::Keep]);
}

#[test]
fn settings_refuse_what_they_do_not_know() {
    let parse = |text: &str| serde_json::from_str::<Settings>(text);
    assert_eq!(parse("{}").expect("all has defaults"), Settings::preset(Preset::Fineweb2025));
    assert_eq!(parse(r#"{"preset":"fineweb-v1"}"#).expect("a preset"), Settings::preset(Preset::FinewebV1));
    assert!(parse(r#"{"gopher_quality":{"min_word":3}}"#).is_err());
    let unknown = parse(r#"{"language":{"keep":["eng","klingon"]}}"#).expect("well formed");
    assert!(
        matches!(Filter::new(&unknown, Lists::default()), Err(Error::UnknownLanguage { got }) if got == "klingon")
    );
}

#[test]
fn every_setting_states_unit_and_source() {
    for schema in [schemars::schema_for!(Settings), schemars::schema_for!(MinHashSettings)] {
        let schema = serde_json::to_value(schema).expect("a schema is JSON");
        let definitions = schema["$defs"].as_object().into_iter().flatten().map(|(_, definition)| definition);
        for object in definitions.chain([&schema]) {
            for (name, field) in object["properties"].as_object().into_iter().flatten() {
                let described = field["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(described, "{name} has no description");
                let section = field["$ref"].is_string() && field["source"].is_null();
                assert!(
                    section || field["unit"].is_string() && field["source"].is_string(),
                    "{name}: {field}"
                );
            }
        }
    }
}

#[test]
fn a_filter_is_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Filter>();
}

#[test]
fn hostile_pages_are_bounded() {
    let mut settings = Settings::default();
    for kind in [ExtractorKind::MainText, ExtractorKind::AllText] {
        settings.extract.extractor = kind;
        let filter = Filter::new(&settings, Lists::default()).expect("valid");
        for page in [
            "<div>".repeat(10_000) + "text" + &"</div>".repeat(10_000),
            "<div><p>".repeat(10_000),
            "<table><tr><td>".repeat(5_000),
            "word ".repeat(1_000_000),
            "x".repeat(5_000_000),
            "\0".repeat(100_000),
            "&".repeat(100_000),
            "<a href=".repeat(50_000),
            "<select><xmp>".repeat(1_000),
            "<p>a<li>b".repeat(20_000),
        ] {
            judge(&filter, "https://a.example", &page, &mut Scratch::default());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_page_breaks_it(
        url in "\\PC{0,40}",
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,30}",
                "</?(p|div|li|ul|table|tr|td|a|pre|noscript|script|select|template|title|svg|h1|br|nav|main)( class='nav'| hidden| style='display:none'|)>",
                "&[#a-zA-Z0-9]{0,8};?",
                Just(PROSE.to_owned()),
            ],
            0..40,
        ),
    ) {
        let mut settings = Settings::default();
        settings.language.keep.clear();
        settings.language.min_score = Some(-1.0);
        let filter = Filter::new(&settings, Lists::default()).expect("valid");
        let page = parts.concat();
        let mut scratch = Scratch::default();
        let first = format!("{:?}", judge(&filter, &url, &page, &mut scratch));
        let again = format!("{:?}", judge(&filter, &url, &page, &mut scratch));
        prop_assert_eq!(first, again, "a used scratch changes nothing");
    }
}

/// Extraction, language and redaction are seams: what is put in is what runs.
#[test]
fn parts_of_ones_own() {
    struct Whole;
    impl Extractor for Whole {
        fn extract(&self, page: &Page<'_>, out: &mut Extract) {
            out.text.push_str(page.html);
        }
    }
    struct Elvish;
    impl Detector for Elvish {
        fn detect(&self, text: &str) -> Option<Language> {
            text.starts_with("Ai!").then_some(Language { code: "qya", score: 0.9 })
        }
        fn name(&self, code: &str) -> Option<&'static str> {
            (code == "qya").then_some("qya")
        }
    }
    struct Shout;
    impl Redactor for Shout {
        fn redact(&self, _: &str, text: &str, out: &mut String) {
            out.push_str(&text.to_uppercase());
        }
    }
    let mut settings = Settings::default();
    settings.language.keep = vec!["qya".to_owned()];
    let language = LanguageFilter::with(Box::new(Elvish), &settings.language).unwrap();
    settings.language.keep.clear(); // the built-in one is made first, and does not know Elvish
    settings.gopher_repetition.enabled = false;
    settings.gopher_quality.enabled = false;
    settings.c4.enabled = false;
    settings.fineweb.enabled = false;
    let filter = Filter::new(&settings, Lists::default())
        .unwrap()
        .with_extractor(Box::new(Whole))
        .with_language(language)
        .with_redactor(Box::new(Shout));
    let mut scratch = Scratch::default();
    let page = |html| Page { id: "", url: "https://a.example/", html, headers: &[] };
    let Outcome::Kept { text, language, .. } = filter.judge(&page("Ai! laurië <lantar>"), &mut scratch)
    else {
        panic!("kept")
    };
    assert_eq!((text, language), ("AI! LAURIË <LANTAR>", "qya"));
    assert!(matches!(
        filter.judge(&page("Oh!"), &mut scratch),
        Outcome::Dropped { reason: reasons::LANGUAGE, .. }
    ));
}
