//! Ratings against those of numpy: `bench/eval/ratings.py` made the numbers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use eval::{Battle, Elo, ratings};
use serde_json::Value;

/// In Elo points.
const ALLOWED: f64 = 1e-9;

fn close(got: &[f64], expected: &Value, what: &str) {
    let expected = expected.as_array().unwrap();
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let expected = expected.as_f64().unwrap();
        assert!((got - expected).abs() <= ALLOWED, "{what}: {got} instead of {expected}");
    }
}

#[test]
fn ratings_are_those_of_numpy() {
    let numbers: Value = serde_json::from_str(include_str!("ratings.json")).unwrap();
    let cases = numbers["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let players = case["players"].as_u64().unwrap() as usize;
        let battle = |of: &Value| Battle {
            left: of[0].as_u64().unwrap() as usize,
            right: of[1].as_u64().unwrap() as usize,
            score: of[2].as_f64().unwrap(),
        };
        let battles: Vec<Battle> = case["battles"].as_array().unwrap().iter().map(battle).collect();
        let elo = Elo { most: 24.0, begin: 1_000.0 }.ratings(players, &battles).unwrap();
        close(&elo, &case["elo"], &format!("Elo of {players}"));
        close(&ratings(players, &battles, 0).unwrap(), &case["ratings"], &format!("ratings of {players}"));
    }
}
