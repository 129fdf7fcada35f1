//! Answers such as the generated lessons have, and sums of what verifiers say of them.

use grpo::verifiers::{OfProblem, VerifierKind, by_name};
use grpo::{Error, Part, Reward, Rewards, Verifier, self_test};
use rl::{Answer, Problem};

fn problem(verifier: &str, answer: &str) -> Problem {
    Problem { id: 7, verifier: verifier.to_owned(), answer: answer.to_owned(), ..Problem::default() }
}

#[test]
fn only_the_result_counts() {
    for (verifier, said, answer, right) in [
        ("numeric", "Ones: 3 + 8 = 11. The answer is 71.", "71", true),
        ("numeric", "The answer is 71.0", "71", true),
        ("numeric", "The answer is 17. Or 71.", "17", false),
        ("numeric", "I do not know.", "71", false),
        ("first-number", "The answer is 71. 30 + 40 = 70. 70 + 2 = 72.", "71", true),
        ("first-number", "30 + 41 = 71. 71 + 1 = 72. The answer is 72.", "71", false),
        ("choice", "The answer is 9.9.", "9.9", true),
        ("exact", "r e. The answer is E.", "e", true),
        ("exact", "emu", "e", false),
        ("spelling", "m o s s", "m o s s", true),
        ("spelling", "m o s", "m o s s", false),
        ("spelling", "moss", "m o s s", false),
        ("counting", "b e r:1 r:2 y. The answer is 2.", "2", true),
        ("counting", "b e r:1 r:2 y. The answer is 3.", "2", false),
        ("counting", "The answer is two.", "2", true),
        ("contains", "Vera works as a baker.", "baker|cook", true),
        ("contains", "Vera owns a bakery.", "baker", false),
        ("contains", "", "baker|", false),
        ("abstains", "I am sorry, I do not know.", "", true),
        ("abstains", "She was born in Netherby.", "", false),
    ] {
        let score = OfProblem.verify(&problem(verifier, answer), &said.into());
        assert_eq!(score, Some(f32::from(u8::from(right))), "{verifier}: {said}");
    }
    assert_eq!(OfProblem.verify(&problem("tic-tac-toe", "centre"), &"centre".into()), None);
    assert_eq!(OfProblem.verify(&problem("taste", "sweet"), &"sweet".into()), None);
    assert_eq!(OfProblem.verify(&problem("of-problem", "sweet"), &"sweet".into()), None, "no circle");
}

#[test]
fn without_an_answer_nobody_judges() {
    for kind in VerifierKind::all() {
        let verifier = kind.verifier().unwrap();
        let said = verifier.verify(&problem("", " "), &"5".into());
        let judges_without = matches!(kind.name(), "abstains" | "format" | "length" | "repetition");
        assert_eq!(said.is_some(), judges_without || kind.name() == "regex", "{}", kind.name());
        let error = self_test(&*verifier, kind.name(), &problem("", "")).err();
        let fails = !judges_without;
        assert_eq!(error.is_some(), fails, "{}: {error:?}", kind.name());
    }
}

#[test]
fn gold_passes_the_self_test_and_what_is_not_gold_is_named() {
    let countdown = Some(r#"{"numbers":[3,4,5],"target":35}"#.to_owned());
    for (verifier, answer, meta) in [
        ("exact", "owl", None),
        ("numeric", "1,234", None),
        ("math", r"\frac{1}{2}", None),
        ("choice", "9.9", Some(r#"{"choices":["9.9","9.11"]}"#.to_owned())),
        ("regex", r"\d+", Some(r#"{"example":"42"}"#.to_owned())),
        ("format", "7", None),
        ("countdown", "(3 + 4) * 5", countdown.clone()),
        ("tic-tac-toe", "5", Some(r#"{"board":".........","turn":"X","best":[5]}"#.to_owned())),
        ("spelling", "m o s s", None),
        ("counting", "2", None),
        ("first-number", "2", None),
        ("contains", "baker|cook", None),
        ("abstains", "", None),
        ("length", "", None),
        ("repetition", "", None),
    ] {
        let problem = Problem { meta, ..problem(verifier, answer) };
        OfProblem::self_test(&problem).unwrap_or_else(|error| panic!("{error}"));
    }
    let error =
        OfProblem::self_test(&Problem { meta: countdown, ..problem("countdown", "3 + 4 + 5") }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "verifier countdown on problem 7: expected 1 for the answer \"3 + 4 + 5\", got 0"
    );
    assert_eq!(error.reason(), "self_test");
    let error = OfProblem::self_test(&problem("taste", "sweet")).unwrap_err();
    assert_eq!(error.reason(), "unknown_verifier");
    let error = OfProblem::self_test(&problem("exact", "")).unwrap_err();
    assert_eq!(error.to_string(), "problem 7 has no answer to compare with");
    let error = OfProblem::self_test(&problem("numeric", "owl")).unwrap_err();
    assert_eq!(error.reason(), "self_test", "an answer that is no number");
}

/// Says always the same.
struct Always(Option<f32>);

impl Verifier for Always {
    fn verify(&self, _: &Problem, _: &Answer<'_>) -> Option<f32> {
        self.0
    }
}

fn rewards(parts: &[(Option<f32>, f32)]) -> Rewards {
    let part = |&(said, weight): &(Option<f32>, f32)| Part {
        name: "always".to_owned(),
        weight,
        verifier: Box::new(Always(said)),
    };
    Rewards { parts: parts.iter().map(part).collect() }
}

#[test]
fn sums_leave_out_who_cannot_say_and_refuse_what_is_no_number() {
    let of = |parts: &[(Option<f32>, f32)]| rewards(parts).of(&problem("", "x"), &"x".into());
    let worth = of(&[(Some(1.0), 2.0), (None, 5.0), (Some(0.5), 1.0)]).unwrap();
    assert_eq!((worth.total, worth.parts), (Some(2.5), vec![Some(1.0), None, Some(0.5)]));
    let worth = of(&[(None, 2.0), (None, 5.0)]).unwrap();
    assert_eq!((worth.total, worth.parts), (None, vec![None, None]));
    assert_eq!(of(&[]).unwrap().total, None);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = of(&[(Some(1.0), 1.0), (Some(bad), 1.0)]).unwrap_err();
        assert!(
            matches!(&error, Error::NotANumber { verifier, problem: 7, .. } if verifier == "always"),
            "{error}"
        );
        let error = self_test(&Always(Some(bad)), "always", &problem("", "x")).unwrap_err();
        assert_eq!(error.reason(), "not_a_number");
    }
    let heavy = Reward { verifier: VerifierKind::Exact, weight: f32::NAN };
    assert_eq!(Rewards::new(&[heavy]).err().map(|error| error.reason()), Some("setting"));
}

#[test]
fn a_guard_alone_makes_no_answer_wrong() {
    let kinds = [VerifierKind::OfProblem, VerifierKind::named("length").unwrap()];
    let rewards = Rewards::new(&kinds.map(|verifier| Reward { verifier, weight: 1.0 })).unwrap();
    let worth = rewards.of(&problem("taste", "sweet"), &"sweet".into()).unwrap();
    assert_eq!((worth.total, worth.parts), (None, vec![None, Some(0.0)]));
    let long = Answer { text: "sweet", tokens: 1_000, ended: false };
    let worth = rewards.of(&problem("exact", "sweet"), &long).unwrap();
    assert_eq!((worth.total, worth.parts), (Some(0.0), vec![Some(1.0), Some(-1.0)]));
}

#[test]
fn thoughts_are_not_the_answer() {
    let said = "<think> 3 + 4 = 8, no, the answer is 7 </think> <answer> 7 </answer>";
    for (verifier, answer, right) in [("numeric", "7", true), ("exact", "7", true), ("math", "8", false)] {
        let score = by_name(verifier).unwrap().verify(&problem("", answer), &said.into());
        assert_eq!(score, Some(f32::from(u8::from(right))), "{verifier}");
    }
}
