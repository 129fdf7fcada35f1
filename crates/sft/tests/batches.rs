//! Rows of conversations: nothing lost, nothing seen that should not be, found again after a stop.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Batches, TokenBatch};
use proptest::prelude::*;
use sft::{Alone, BestFit, ExampleBatches, Examples, Packing};

const CONTEXT: usize = 24;

/// Examples whose tokens tell who they are: example `e` has 1000 e, 1000 e + 1, ...
fn examples(shapes: &[(usize, u32)]) -> Arc<Examples> {
    let mut examples = Examples::default();
    for (number, &(length, mask)) in shapes.iter().enumerate() {
        let ids: Vec<u32> = (0..length as u32).map(|at| 1000 * number as u32 + at).collect();
        let mut learn: Vec<bool> = (0..length).map(|at| mask >> (at % 32) & 1 == 1).collect();
        *learn.last_mut().unwrap() = true;
        examples.add(&ids, &learn).unwrap();
    }
    Arc::new(examples)
}

fn shapes() -> impl Strategy<Value = Vec<(usize, u32)>> {
    prop::collection::vec((2..=CONTEXT + 1, any::<u32>()), 1..40)
}

/// How often each learned target came; every place is checked on the way.
fn targets(batch: &TokenBatch, counts: &mut BTreeMap<u32, usize>) {
    let rows = |tensor: &candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1::<u32>().unwrap();
    let (ids, positions, documents) = (rows(&batch.ids), rows(&batch.positions), rows(&batch.documents));
    let width = batch.ids.dim(1).unwrap();
    assert!(width <= CONTEXT);
    for at in 0..ids.len() {
        let begins = at % width == 0 || documents[at] != documents[at - 1];
        assert_eq!(begins, positions[at] == 0, "positions begin anew with each conversation");
        if batch.weights[at] > 0.0 {
            assert_eq!(batch.targets[at], ids[at] + 1, "a target is the next token of the same conversation");
            assert_eq!(positions[at], ids[at] % 1000);
            *counts.entry(batch.targets[at]).or_default() += 1;
        }
    }
}

fn packings() -> [Box<dyn Packing>; 2] {
    [Box::new(BestFit), Box::new(Alone)]
}

proptest! {
    #[test]
    fn every_learned_token_is_a_target_once_an_epoch(shapes in shapes(), rows in 1usize..5, seed in any::<u64>()) {
        let examples = examples(&shapes);
        for (packing, again) in packings().into_iter().zip(packings()) {
            let mut batches = ExampleBatches::sequential(examples.clone(), packing, CONTEXT, rows).unwrap();
            let mut counts = BTreeMap::new();
            while let Some(batch) = batches.next(0).unwrap() {
                targets(&batch, &mut counts);
            }
            prop_assert_eq!(counts.values().sum::<usize>(), examples.learned());
            prop_assert!(counts.values().all(|&count| count == 1));
            // shuffled, an epoch is the same in another order
            let mut batches = ExampleBatches::shuffled(examples.clone(), vec![], again, CONTEXT, 1, seed).unwrap();
            let mut shuffled = BTreeMap::new();
            for _ in 0..batches.rows() {
                targets(&batches.next(0).unwrap().unwrap(), &mut shuffled);
            }
            prop_assert_eq!(batches.cursor().epoch, 0);
            prop_assert_eq!(shuffled, counts);
        }
    }

    #[test]
    fn rows_hold_what_fits_and_all_of_it(lengths in prop::collection::vec(1usize..=CONTEXT, 0..80)) {
        for packing in packings() {
            let rows = packing.pack(&lengths, CONTEXT);
            let mut all: Vec<u32> = rows.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len() as u32).collect::<Vec<_>>());
            let fits = |row: &Vec<u32>| row.iter().map(|&at| lengths[at as usize]).sum::<usize>() <= CONTEXT;
            prop_assert!(rows.iter().all(fits));
        }
        // best fit opens no row for what fits into another: all but one are more than half full
        let rows = BestFit.pack(&lengths, CONTEXT);
        let half_empty = |row: &&Vec<u32>| 2 * row.iter().map(|&at| lengths[at as usize]).sum::<usize>() <= CONTEXT;
        prop_assert!(rows.iter().filter(half_empty).count() <= 1);
    }

    #[test]
    fn a_place_is_found_again(shapes in shapes(), seed in any::<u64>(), stop in 0usize..30) {
        let times: Vec<f64> = shapes.iter().map(|(_, mask)| f64::from(mask % 5) / 2.0 + 0.25).collect();
        let deal = || {
            ExampleBatches::shuffled(examples(&shapes), times.clone(), Box::new(BestFit), CONTEXT, 3, seed).unwrap()
        };
        let (mut straight, mut resumed) = (deal(), deal());
        for _ in 0..stop {
            straight.next(0).unwrap();
        }
        resumed.seek(&straight.cursor()).unwrap();
        for _ in 0..5 {
            let [a, b] = [&mut straight, &mut resumed].map(|batches| batches.next(0).unwrap().unwrap());
            prop_assert_eq!((a.targets, a.weights), (b.targets, b.weights));
        }
    }
}

#[test]
fn weights_say_how_often_a_conversation_comes() {
    let examples = examples(&[(5, 0), (5, 0), (5, 0)]);
    let mut batches =
        ExampleBatches::shuffled(examples, vec![3.0, 0.25, 0.0], Box::new(Alone), CONTEXT, 1, 7).unwrap();
    let mut counts = BTreeMap::new();
    while batches.cursor().epoch < 400 {
        targets(&batches.next(0).unwrap().unwrap(), &mut counts);
    }
    assert!((1197..=1203).contains(&counts[&4]), "{counts:?}");
    assert!((70..130).contains(&counts[&1004]) && !counts.contains_key(&2004), "{counts:?}");
}

#[test]
fn what_cannot_be_dealt_is_refused() {
    let refused = |result: sft::Result<ExampleBatches>| result.err().unwrap().to_string();
    let none = ExampleBatches::sequential(Arc::default(), Box::new(BestFit), CONTEXT, 1);
    assert!(refused(none).starts_with("conversations: expected at least one"));
    let long = ExampleBatches::sequential(examples(&[(9, 0)]), Box::new(BestFit), 4, 1);
    assert_eq!(refused(long), "context: expected room for 8 places, got 4");
    for times in [vec![f64::NAN; 2], vec![f64::INFINITY, 1.0], vec![1e-12; 2], vec![-1.0; 2], vec![1.0]] {
        let some = examples(&[(9, 0), (5, 0)]);
        let weighted = ExampleBatches::shuffled(some, times, Box::new(BestFit), CONTEXT, 1, 7);
        assert!(refused(weighted).starts_with("weights: expected one for each conversation, finite"));
    }
}
