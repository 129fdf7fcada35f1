//! Values and gradients against those of TRL and of PyTorch's autograd, in f64: `bench/grpo/losses.py` made the numbers.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use rl::math::{Advantage, Aggregation, Clip, Kl, Ratio, Row, Terms, gae, whiten};
use serde_json::Value;

const ALLOWED: f64 = 1e-9;

fn numbers() -> Value {
    serde_json::from_str(include_str!("numbers.json")).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect()
}

fn close(got: &[f64], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= ALLOWED, "{what}: {got} instead of {expected}");
    }
}

fn kl(name: &str) -> Kl {
    match name {
        "k1" => Kl::K1,
        "k2" => Kl::K2,
        "k3" => Kl::K3,
        other => panic!("{other}"),
    }
}

/// The settings as we say it; none where a distance is summed over tokens of a mean over answers, which we do not do.
fn terms(settings: &Value) -> Option<Terms> {
    let clip = Clip {
        low: settings["clip"]["low"].as_f64().unwrap_or(1.0),
        high: settings["clip"]["high"]
            .as_f64()
            .or(settings["cap"].as_f64().map(|cap| cap - 1.0))
            .unwrap_or(0.2),
    };
    let ratio = match settings["ratio"].as_str().unwrap() {
        "none" => Ratio::Off,
        "token" if settings["cap"].is_number() => Ratio::Weight,
        "token" => Ratio::Token,
        "sequence-mean" => Ratio::Sequence,
        "sequence-sum" => Ratio::Answer,
        other => panic!("{other}"),
    };
    let aggregation = match settings["aggregation"].as_str().unwrap() {
        "sequence-token-mean" => Aggregation::SequenceMean,
        "token-mean" => Aggregation::TokenMean,
        "token-sum-over" => Aggregation::Constant(settings["length"].as_u64().unwrap() as u32),
        // one value an answer counts once
        "sequence-token-sum" if ratio == Ratio::Answer => Aggregation::SequenceMean,
        "sequence-token-sum" => Aggregation::Constant(1),
        other => panic!("{other}"),
    };
    let held = settings["kl"].as_object();
    if ratio == Ratio::Answer && held.is_some() {
        return None;
    }
    let estimator = held.map_or(Kl::K3, |held| kl(held["estimator"].as_str().unwrap()));
    let kl_weight = held.map_or(0.0, |held| held["beta"].as_f64().unwrap());
    Some(Terms { ratio, clip, aggregation, kl: estimator, kl_weight })
}

#[test]
fn every_objective_has_the_values_and_gradients_of_the_reference() {
    let numbers = numbers();
    let mut compared = 0;
    for loss in numbers["losses"].as_array().unwrap() {
        let Some(terms) = terms(&loss["settings"]) else { continue };
        let batch = &numbers["batches"][loss["batch"].as_str().unwrap()];
        let [new, old, reference] = ["new", "old", "reference"].map(|name| list(&batch[name]));
        let lengths: Vec<usize> = list(&batch["lengths"]).iter().map(|length| *length as usize).collect();
        let advantages: Vec<Vec<f64>> =
            list(&batch["advantages"]).iter().zip(&lengths).map(|(a, length)| vec![*a; *length]).collect();
        let mut start = 0;
        let mut rows = vec![];
        for (length, advantages) in lengths.iter().zip(&advantages) {
            let range = start..start + length;
            let reference = if terms.kl_weight > 0.0 { &reference[range.clone()] } else { &[] };
            rows.push(Row { new: &new[range.clone()], old: &old[range], reference, advantages });
            start += length;
        }
        let found = terms.of(&rows);
        // tokens of other batches of the same step
        let share = loss["settings"]["tokens"].as_f64().map_or(1.0, |tokens| found.weight / tokens);
        let what = format!("{} {} {}", loss["name"], loss["batch"], loss["settings"]);
        close(&[found.value * share], &[loss["value"].as_f64().unwrap()], &what);
        let slopes: Vec<f64> = found.slopes.iter().map(|slope| slope * share).collect();
        close(&slopes, &list(&loss["gradient"]), &what);
        compared += 1;
    }
    assert_eq!(compared, 111);
}

#[test]
fn advantages_are_those_of_the_reference() {
    for case in numbers()["advantages"].as_array().unwrap() {
        let advantage = match case["kind"].as_str().unwrap() {
            "z-score" => Advantage::ZScore,
            "centred" => Advantage::Centred,
            "leave-one-out" => Advantage::LeaveOneOut,
            "none" => Advantage::None,
            other => panic!("{other}"),
        };
        let rewards: Vec<Option<f64>> =
            case["reward"].as_array().unwrap().iter().map(Value::as_f64).collect();
        let groups = rewards.chunks(case["group"].as_u64().unwrap() as usize);
        let got: Vec<f64> = groups.flat_map(|group| advantage.of_group(group)).collect();
        close(&got, &list(&case["advantage"]), &case.to_string());
    }
}

#[test]
fn distances_are_those_of_the_reference() {
    for case in numbers()["kl"].as_array().unwrap() {
        let kl = kl(case["estimator"].as_str().unwrap());
        let (values, slopes): (Vec<f64>, Vec<f64>) =
            list(&case["x"]).iter().map(|x| kl.estimate(x - 2.0, -2.0)).unzip();
        close(&values, &list(&case["value"]), &case.to_string());
        close(&slopes, &list(&case["slope"]), &case.to_string());
    }
}

#[test]
fn estimates_of_single_places_are_those_of_the_reference() {
    for case in numbers()["gae"].as_array().unwrap() {
        let (rewards, values) = (list(&case["reward"]), list(&case["value"]));
        let [gamma, lambda] = ["gamma", "lambda"].map(|name| case[name].as_f64().unwrap());
        let got = gae(&rewards, &values, &flags(&case["counted"]), gamma, lambda);
        close(&got.advantages, &list(&case["advantage"]), &case.to_string());
        close(&got.returns, &list(&case["return"]), &case.to_string());
    }
}

#[test]
fn white_values_are_those_of_the_reference() {
    for case in numbers()["whitening"].as_array().unwrap() {
        if case["centred"] == false {
            continue;
        }
        let (mut values, counted) = (list(&case["x"]), flags(&case["counted"]));
        whiten(&mut values, &counted);
        let counted = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&counted).filter(|(_, counted)| **counted).map(|(value, _)| *value).collect()
        };
        close(&counted(&values), &counted(&list(&case["result"])), &case.to_string());
    }
}
