//! Training learns, resumes to the bit, and does not depend on threads.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use common::{bits, rows, tiny};
use model::{
    AdamW, AdamWSettings, Batches, Checkpoints, Config, Decoder, Error, Guard, Muon, NextToken, Objective,
    Optimizer, Params, Plan, Progress, Rows, Schedule, TokenBatch, fit,
};

fn plan(steps: u64) -> Plan {
    let schedule = Schedule { peak: 1e-2, warmup_steps: 5, ..Schedule::default() };
    Plan { steps, schedule, ..Plan::default() }
}

fn checkpoints(directory: &Path) -> Checkpoints {
    let (directory, config) = (directory.to_owned(), tiny());
    Checkpoints { directory, every: 7, keep: 2, config, special: model::checkpoint::Special::default() }
}

/// Trains a tiny model by Muon, and by AdamW what Muon leaves to it; stops after `stop` steps of this call, as a signal would make it.
fn train(
    config: &Config,
    plan: &Plan,
    checkpoints: Option<&Checkpoints>,
    stop: u64,
) -> (Params, Vec<Progress>) {
    let params = Params::new(2);
    let decoder = Decoder::new(config, &params, "").unwrap();
    let mut seen = Vec::new();
    let mut on_step = |progress: &Progress| {
        seen.push(*progress);
        if seen.len() as u64 == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (objective, mut optimizer) = (NextToken(&decoder), Muon::default());
    let batches = &mut rows(config);
    fit(&params, batches, &objective, &mut optimizer, plan, checkpoints, &mut on_step).unwrap();
    (params, seen)
}

#[test]
fn the_loss_falls_and_the_same_run_gives_the_same_bits() {
    let (first, seen) = train(&tiny(), &plan(120), None, 0);
    let (second, _) = train(&tiny(), &plan(120), None, 0);
    assert_eq!(bits(&first), bits(&second));
    // two successors are equally likely and one in thirty ends a document: 0.8 nats are within reach
    assert!((seen[0].loss - 23f64.ln()).abs() < 0.1, "{}", seen[0].loss);
    assert!(seen[119].loss < 1.6, "{}", seen[119].loss);
    assert_eq!(seen[119].step, 120);
    assert_eq!(seen[0].weight, 64.0);
}

#[test]
fn a_resumed_run_ends_with_the_bits_of_an_undisturbed_one() {
    let (straight, straight_seen) = train(&tiny(), &plan(30), None, 0);
    let directory = tempfile::tempdir().unwrap();
    let checkpoints = checkpoints(directory.path());
    let (_, first) = train(&tiny(), &plan(30), Some(&checkpoints), 10);
    // a kill leaves the newest checkpoint, older than the last step, and perhaps an unfinished one
    std::fs::remove_dir_all(directory.path().join("checkpoint-000010")).unwrap();
    std::fs::create_dir(directory.path().join(".partial-checkpoint-000014")).unwrap();
    let (resumed, rest) = train(&tiny(), &plan(30), Some(&checkpoints), 0);
    assert_eq!(bits(&straight), bits(&resumed));
    assert_eq!([&first[..7], &rest[..]].concat(), straight_seen);
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut kept: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    kept.sort();
    assert_eq!(kept, ["checkpoint-000028", "checkpoint-000030"]);
}

#[test]
fn two_half_batches_equal_a_whole_one() {
    let config = tiny();
    let one_step = |rows_per_batch, accumulation| {
        let params = Params::new(2);
        let decoder = Decoder::new(&config, &params, "").unwrap();
        let tokens = common::corpus(23, 2000);
        let mut batches = Rows::shuffled(tokens, 16, rows_per_batch, 0, 1).unwrap();
        let plan = Plan { steps: 1, accumulation, ..Plan::default() };
        let mut optimizer = AdamW::new(AdamWSettings { epsilon: 1e-3, ..AdamWSettings::default() });
        let mut last = None;
        let mut on_step = |progress: &Progress| {
            last = Some(*progress);
            ControlFlow::Continue(())
        };
        fit(&params, &mut batches, &NextToken(&decoder), &mut optimizer, &plan, None, &mut on_step).unwrap();
        (params, last.unwrap())
    };
    let ((whole, a), (halves, b)) = (one_step(4, 1), one_step(2, 2));
    assert_eq!(a.weight, b.weight);
    assert!((a.loss - b.loss).abs() < 1e-6 && (a.grad_norm - b.grad_norm).abs() < 1e-5);
    for ((name, a), (_, b)) in whole.vars().iter().zip(&halves.vars()) {
        assert!(common::largest_difference(a, b) < 1e-6, "{name}");
    }
}

#[test]
fn a_run_that_diverges_is_given_up_before_the_step_that_is_one_too_many() {
    let directory = tempfile::tempdir().unwrap();
    let checkpoints = checkpoints(directory.path());
    let params = Params::new(2);
    let decoder = Decoder::new(&tiny(), &params, "").unwrap();
    let guard = Guard { window: 8, patience: 4, ..Guard::default() };
    let mut plan = Plan { guard, clip_norm: f64::INFINITY, ..plan(400) };
    plan.schedule = Schedule { warmup_steps: 400, peak: 400.0, ..plan.schedule };
    let mut steps = 0;
    let mut on_step = |_: &Progress| {
        steps += 1;
        ControlFlow::Continue(())
    };
    let (objective, mut optimizer, mut batches) = (NextToken(&decoder), AdamW::default(), rows(&tiny()));
    let checkpoints = Some(&checkpoints);
    let result = fit(&params, &mut batches, &objective, &mut optimizer, &plan, checkpoints, &mut on_step);
    match result {
        Err(Error::Diverged { step, begun, loss, mean, .. }) => {
            assert_eq!((step, begun), (steps + 1, steps - 2));
            assert!(loss > mean);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_number_that_is_not_finite_stops_the_run_and_names_the_culprit() {
    struct Broken<'a>(&'a Params);
    impl Objective<TokenBatch> for Broken<'_> {
        fn loss(&self, _: &TokenBatch) -> model::Result<model::Loss> {
            // the root of 0 is 0, and its slope is infinite
            let zero = (self.0.vars()["model.norm.weight"].as_tensor() - 1.0)?;
            Ok(model::Loss { mean: zero.sqrt()?.mean_all()?, weight: 1.0 })
        }
    }
    let params = Params::new(2);
    Decoder::new(&common::llama(), &params, "").unwrap();
    let before = bits(&params);
    let mut on_step = |_: &Progress| ControlFlow::Continue(());
    let mut batches = rows(&tiny());
    let result =
        fit(&params, &mut batches, &Broken(&params), &mut AdamW::default(), &plan(3), None, &mut on_step);
    match result {
        Err(Error::NonFinite { step: 1, what, .. }) => assert_eq!(what, "gradient of model.norm.weight"),
        other => panic!("{other:?}"),
    }
    assert_eq!(before, bits(&params));
}

/// AdamW against the algorithm written out in f64.
#[test]
fn adamw_follows_the_paper() {
    let params = Params::new(9);
    let tensor = params.get("w", (3, 2), model::Initial::Normal { deviation: 1.0 }).unwrap();
    let mut x: Vec<f64> =
        tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|&x| x.into()).collect();
    let (mut m, mut v) = ([0.0f64; 6], [0.0f64; 6]);
    let mut optimizer = AdamW::default();
    for step in 1..=5 {
        let loss = tensor.powf(3.0).unwrap().sum_all().unwrap();
        params.backward(&loss).unwrap();
        optimizer.step(&params, &params.take_gradients(), 0.01).unwrap();
        // the state goes through its saved form every time
        let state = optimizer.state().unwrap();
        optimizer = AdamW::default();
        optimizer.load(state).unwrap();
        for i in 0..6 {
            let g = 3.0 * x[i] * x[i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.95 * v[i] + 0.05 * g * g;
            let (m_hat, v_hat) = (m[i] / (1.0 - 0.9f64.powi(step)), v[i] / (1.0 - 0.95f64.powi(step)));
            x[i] -= 0.01 * (m_hat / (v_hat.sqrt() + 1e-8) + 0.1 * x[i]);
        }
        let got: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        for (&got, &x) in got.iter().zip(&x) {
            assert!((f64::from(got) - x).abs() < 1e-5, "{got} {x}");
        }
    }
    assert!(optimizer.load(BTreeMap::new()).is_err());
}

/// What `threads_do_not_change_bits` runs in processes of their own.
#[test]
fn print_digest() {
    let config =
        Config { width: 64, heads: 2, kv_heads: 1, hidden: 96, vocabulary: 300, context: 64, ..tiny() };
    let (params, _) = train(&config, &plan(6), None, 0);
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&bits(&params), &mut hasher);
    println!("digest {:016x}", std::hash::Hasher::finish(&hasher));
}

#[test]
fn threads_do_not_change_bits() {
    let digest = |threads: &str| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "print_digest", "--nocapture"])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let at = text.find("digest ").unwrap_or_else(|| panic!("{text}"));
        text[at..at + 23].to_owned()
    };
    let one = digest("1");
    assert_eq!(one, digest("2"));
    assert_eq!(one, digest("5"));
}

#[test]
fn a_cursor_leads_back_to_the_same_batches() {
    let config = tiny();
    let mut straight = rows(&config);
    let dealt: Vec<(model::Cursor, Vec<u32>)> =
        (0..80).map(|step| (straight.cursor(), straight.next(step).unwrap().unwrap().targets)).collect();
    assert!(dealt[79].0.epoch >= 2, "{:?}", dealt[79].0);
    for at in [79, 0, 31, 62] {
        let mut again = rows(&config);
        again.seek(&dealt[at].0).unwrap();
        assert_eq!(again.next(0).unwrap().unwrap().targets, dealt[at].1);
    }
    let mut epoch: Vec<&[u32]> = dealt.iter().flat_map(|(_, targets)| targets.chunks(16)).take(124).collect();
    let last = epoch.len();
    assert_eq!(last, straight.len());
    epoch.sort();
    epoch.dedup();
    assert_eq!(epoch.len(), last, "a row was dealt twice in one epoch");
}
