//! Values and gradients against those of TRL, PyTorch's autograd and numpy, in f64: `bench/rlhf/losses.py` made the numbers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use rl::Rollout;
use rl::math::{Aggregation, Clip, Estimates, Ratio, Row, Terms};
use rlhf_reward::math::{
    Direct, KlTarget, best_of_n, calibration, correlation, divergence_of_best, ranking, value_loss,
};
use rlhf_reward::{Pay, whiten_all};
use serde_json::Value;

const ALLOWED: f64 = 1e-9;

fn numbers(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("numbers.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn of(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap()
}

fn single(value: &Value) -> Vec<f32> {
    list(value).into_iter().map(|value| value as f32).collect()
}

fn close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= ALLOWED, "{what}: {got} instead of {expected}");
    }
}

#[test]
fn rankings_of_two_to_nine_are_those_of_the_reference() {
    let mut by_trl = 0;
    for case in numbers("rankings") {
        let (scores, centring) = (list(&case["scores"]), of(&case, "centring"));
        let ranks: Vec<i32> = list(&case["ranks"]).into_iter().map(|rank| rank as i32).collect();
        let margins = case["margins"].is_array().then(|| list(&case["margins"]));
        let found = ranking(&scores, &ranks, margins.as_deref(), centring);
        let what = case.to_string();
        close(&[found.value], &[of(&case, "value")], &what);
        close(&found.slopes, &list(&case["gradient"]), &what);
        assert_eq!(found.pairs as f64, of(&case, "pairs"), "{what}");
        by_trl += usize::from(case["source"] == "trl");

        // all at once is the mean over the pairs, one by one
        let (mut value, mut slopes) = (0.0, vec![0.0; scores.len()]);
        for better in 0..scores.len() {
            for worse in (0..scores.len()).filter(|&worse| ranks[better] < ranks[worse]) {
                let margins = margins.as_ref().map(|margins| [margins[better], margins[worse]]);
                let pair = ranking(
                    &[scores[better], scores[worse]],
                    &[1, 2],
                    margins.as_ref().map(|margins| &margins[..]),
                    centring,
                );
                value += pair.value / found.pairs as f64;
                slopes[better] += pair.slopes[0] / found.pairs as f64;
                slopes[worse] += pair.slopes[1] / found.pairs as f64;
            }
        }
        close(&[found.value], &[value], &what);
        close(&found.slopes, &slopes, &what);
    }
    assert_eq!(by_trl, 4);
}

#[test]
fn direct_losses_are_those_of_trl() {
    for case in numbers("direct") {
        let direct = match case["loss"].as_str().unwrap() {
            "sigmoid" => Direct::Sigmoid { wrong_labels: of(&case, "wrong") },
            "ipo" => Direct::Ipo,
            "hinge" => Direct::Hinge,
            other => panic!("{other}"),
        };
        let found: Vec<_> = list(&case["h"]).into_iter().map(|h| direct.of(h, of(&case, "beta"))).collect();
        let pairs = found.len() as f64;
        let value = found.iter().map(|found| found.value).sum::<f64>() / pairs;
        close(&[value], &[of(&case, "value")], &case.to_string());
        let slopes: Vec<f64> = found.iter().map(|found| found.slope / pairs).collect();
        close(&slopes, &list(&case["gradient"]), &case.to_string());
    }
}

#[test]
fn critics_are_clipped_as_in_the_reference() {
    for case in numbers("values") {
        let [guess, old, target] = ["guess", "old", "target"].map(|name| list(&case[name]));
        let range = of(&case, "range");
        let found: Vec<_> =
            (0..guess.len()).map(|at| value_loss(guess[at], old[at], target[at], range)).collect();
        let [value, slope] = [0, 1].map(|which| -> Vec<f64> {
            found.iter().map(|found| if which == 0 { found.0 } else { found.1 }).collect()
        });
        close(&value, &list(&case["value"]), &case.to_string());
        close(&slope, &list(&case["gradient"]), &case.to_string());
    }
}

#[test]
fn a_round_of_ppo_is_that_of_the_reference() {
    for case in numbers("ppo") {
        let pay = Pay {
            kl_weight: of(&case["pay"], "kl_weight"),
            unended: of(&case["pay"], "unended"),
            gamma: of(&case["pay"], "gamma"),
            lambda: of(&case["pay"], "lambda"),
        };
        let answers = case["answers"].as_array().unwrap();
        let mut estimates: Vec<Estimates> = vec![];
        for answer in answers {
            let drawn = Rollout {
                log_probs: single(&answer["old"]),
                ended: answer["ended"].as_bool().unwrap(),
                ..Rollout::default()
            };
            let rewards = pay.rewards(&drawn, &single(&answer["reference"]), of(answer, "score"));
            close(&rewards, &list(&answer["rewards"]), "rewards");
            let found = pay.estimates(&rewards, &list(&answer["critic"]));
            close(&found.advantages, &list(&answer["advantages"]), "advantages");
            close(&found.returns, &list(&answer["returns"]), "returns");
            estimates.push(found);
        }
        whiten_all(&mut estimates);
        let white: Vec<f64> = estimates.iter().flat_map(|of| of.advantages.clone()).collect();
        close(&white, &list(&case["white"]), "white");

        let clip = of(&case, "clip");
        let terms = Terms {
            ratio: Ratio::Token,
            clip: Clip { low: clip, high: clip },
            aggregation: Aggregation::TokenMean,
            kl_weight: 0.0,
            ..Terms::default()
        };
        let [new, old, guess] =
            ["new", "old", "guess"].map(|name| answers.iter().map(|of| list(&of[name])).collect::<Vec<_>>());
        let rows: Vec<Row<'_>> = (0..answers.len())
            .map(|at| Row {
                new: &new[at],
                old: &old[at],
                reference: &[],
                advantages: &estimates[at].advantages,
            })
            .collect();
        let policy = terms.of(&rows);
        close(&[policy.value], &[of(&case, "policy")], "policy");
        close(&policy.slopes, &list(&case["gradient_new"]), "gradient of the policy");

        let tokens = white.len() as f64;
        let (mut value, mut slopes) = (0.0, vec![]);
        for (answer, guess) in answers.iter().zip(&guess) {
            let (old, target) = (list(&answer["critic"]), list(&answer["returns"]));
            for at in 0..guess.len() {
                let (loss, slope, _) = value_loss(guess[at], old[at], target[at], of(&case, "value_range"));
                value += loss / tokens;
                slopes.push(of(&case, "value_weight") * slope / tokens);
            }
        }
        close(&[value], &[of(&case, "critic")], "critic");
        close(&slopes, &list(&case["gradient_guess"]), "gradient of the critic");
    }
}

#[test]
fn the_weight_of_the_distance_is_that_of_the_reference() {
    for case in numbers("targets") {
        let target = KlTarget { target: of(&case, "target"), horizon: of(&case, "horizon") };
        let mut weight = of(&case, "start");
        for round in case["rounds"].as_array().unwrap() {
            weight = target.next(weight, of(round, "kl"), of(round, "answers") as usize);
            close(&[weight], &[of(round, "weight")], &case.to_string());
        }
    }
}

#[test]
fn the_best_of_n_is_that_of_all_choices() {
    for case in numbers("best_of_n") {
        let n = of(&case, "n") as usize;
        let found = best_of_n(&list(&case["proxy"]), &list(&case["gold"]), n).unwrap();
        close(&[found, divergence_of_best(n)], &[of(&case, "value"), of(&case, "kl")], &case.to_string());
    }
}

#[test]
fn diagnostics_are_those_of_numpy() {
    for case in numbers("calibration") {
        let expected = case["bins"].as_array().unwrap();
        let found = calibration(&list(&case["differences"]), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let expected = ["pairs", "sure", "right"].map(|name| of(expected, name));
            close(&[found.pairs as f64, found.sure, found.right], &expected, "a bin");
        }
    }
    for case in numbers("correlation") {
        close(&[correlation(&list(&case["a"]), &list(&case["b"]))], &[of(&case, "value")], "correlation");
    }
}
