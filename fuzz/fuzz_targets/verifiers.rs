//! Any answer to any problem is judged, within bounds, and soon.

#![no_main]

use grpo::verifiers::{Game, VerifierKind};
use libfuzzer_sys::fuzz_target;
use rl::Problem;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    // right answer, answer, and what the problem says besides
    let mut parts = text.splitn(3, '\u{1f}');
    let (answer, said) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let meta = parts.next().map(str::to_owned);
    for kind in VerifierKind::all() {
        let verifier = kind.verifier().expect("settings are those by default");
        let problem = Problem {
            answer: answer.to_owned(),
            verifier: kind.name().to_owned(),
            asked: said.to_owned(),
            meta: meta.clone(),
            ..Problem::default()
        };
        let lowest = if verifier.is_guard() { -1.0 } else { 0.0 };
        for said in [said, answer, &verifier.gold(&problem)] {
            if let Some(score) = verifier.verify(&problem, &said.into()) {
                assert!((lowest..=1.0).contains(&score), "{}: {score}", kind.name());
            }
        }
    }
    Game::of(data.iter().map(|byte| usize::from(*byte)));
});
