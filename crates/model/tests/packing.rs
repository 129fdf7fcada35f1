//! Packing loses no token, sees across no document, and can be left and found again.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Tensor};
use common::{random_decoder, tiny};
use model::{
    Batches, Cursor, Mixture, NextToken, Objective, Packed, Random, Rows, TokenBatch, Tokens, evaluate,
};
use proptest::collection::vec;
use proptest::prelude::*;

const BOS: u32 = 0;

/// Documents of the given lengths, `BOS` included, in which every token is another.
fn distinct(lengths: &[usize]) -> Vec<u32> {
    let mut next = 0;
    let mut token = |at: usize| {
        next += 1;
        if at == 0 { BOS } else { next }
    };
    lengths.iter().flat_map(|&length| (0..length).map(&mut token).collect::<Vec<_>>()).collect()
}

/// A row as its places: (token, target, weight, position, document).
type Row = Vec<(u32, u32, f32, u32, u32)>;

fn rows_of(batch: &TokenBatch) -> Vec<Row> {
    let flat = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<u32>().unwrap();
    let (ids, positions, documents) = (flat(&batch.ids), flat(&batch.positions), flat(&batch.documents));
    let place = |at: usize| (ids[at], batch.targets[at], batch.weights[at], positions[at], documents[at]);
    let places: Vec<_> = (0..ids.len()).map(place).collect();
    places.chunks(batch.ids.dims()[1]).map(<[_]>::to_vec).collect()
}

fn take(batches: &mut impl Batches<Batch = TokenBatch>, count: usize) -> Vec<Row> {
    (0..count).flat_map(|_| rows_of(&batches.next(0).unwrap().unwrap())).collect()
}

/// The pieces of a row, padding left out: (tokens, targets).
fn pieces_of(row: &Row) -> Vec<(Vec<u32>, Vec<u32>)> {
    let documents = row.chunk_by(|a, b| a.4 == b.4).filter(|document| document[0].2 > 0.0);
    documents.map(|document| document.iter().map(|place| (place.0, place.1)).unzip()).collect()
}

/// What [`Packed`] is to deal in an epoch, worked out document by document: (tokens, targets).
fn expected_pieces(ids: &[u32], context: usize) -> Vec<(Vec<u32>, Vec<u32>)> {
    let mut pieces = Vec::new();
    for document in ids.chunk_by(|_, &next| next != BOS) {
        let targets: Vec<u32> = document[1..].iter().copied().chain([BOS]).collect();
        let parts = document.chunks(context).zip(targets.chunks(context));
        pieces.extend(parts.map(|(tokens, targets)| (tokens.to_vec(), targets.to_vec())));
    }
    pieces.sort();
    pieces
}

proptest! {
    #[test]
    fn an_epoch_is_every_piece_once(
        lengths in vec(1..40usize, 1..60), context in 1..17usize, seed: u64, epochs in 1..4usize,
    ) {
        let ids = distinct(&lengths);
        let mut packed = Packed::shuffled(Tokens::from(ids.clone()), context, 1, BOS, seed).unwrap();
        for _ in 0..epochs {
            let count = packed.rows();
            let rows = take(&mut packed, count);
            let mut pieces: Vec<_> = rows.iter().flat_map(pieces_of).collect();
            pieces.sort();
            prop_assert_eq!(&pieces, &expected_pieces(&ids, context));
        }
        let places = (packed.rows() * context) as f64;
        prop_assert_eq!(packed.efficiency(), ids.len() as f64 / places);
    }

    #[test]
    fn attention_and_positions_stay_inside_a_piece(
        lengths in vec(1..40usize, 1..60), context in 1..17usize, seed: u64,
    ) {
        let mut packed = Packed::shuffled(Tokens::from(distinct(&lengths)), context, 3, BOS, seed).unwrap();
        for row in take(&mut packed, 5) {
            prop_assert_eq!(row.len(), context);
            for (number, document) in row.chunk_by(|a, b| a.4 == b.4).enumerate() {
                for (position, place) in document.iter().enumerate() {
                    prop_assert_eq!((place.3, place.4), (position as u32, number as u32));
                    prop_assert_eq!(place.2, document[0].2, "a document is padding as a whole or not at all");
                }
            }
        }
    }

    #[test]
    fn a_cursor_leads_back_from_anywhere(
        lengths in vec(1..30usize, 1..30), rows in 1..5usize, seed: u64, at in 0..40usize, from in 0..40usize,
    ) {
        let source = || Packed::shuffled(Tokens::from(distinct(&lengths)), 16, rows, BOS, seed).unwrap();
        let (mut straight, mut again) = (source(), source());
        take(&mut straight, at);
        take(&mut again, from);
        again.seek(&straight.cursor()).unwrap();
        prop_assert_eq!(again.cursor(), straight.cursor());
        prop_assert_eq!(take(&mut again, 5), take(&mut straight, 5));
    }

    #[test]
    fn a_mixture_keeps_its_shares_at_any_time(weights in vec(1..50u32, 1..7), rows in 1..5usize) {
        let source = |seed| Packed::shuffled(Tokens::from(distinct(&[3, 4, 5])), 8, rows, BOS, seed).unwrap();
        let sources = (0u64..).zip(&weights).map(|(seed, &weight)| (source(seed), f64::from(weight)));
        let mut mixture = Mixture::new(sources.collect()).unwrap();
        let total = u64::from(weights.iter().sum::<u32>());
        for batch in 1..=50 {
            mixture.next(0).unwrap();
            let all = batch * rows as u64;
            prop_assert_eq!(mixture.cursor(), Cursor { epoch: 0, row: all });
            for (&dealt, &weight) in mixture.dealt().iter().zip(&weights) {
                let quota = all * u64::from(weight);
                prop_assert!(dealt >= quota / total && dealt <= quota.div_ceil(total), "{dealt} of {quota}/{total}");
            }
        }
    }

    #[test]
    fn a_mixture_deals_the_rows_of_its_sources_and_is_found_again(
        weights in vec(0.01..1.0f64, 1..5), seed: u64, at in 0..30usize, from in 0..30usize,
    ) {
        let source = |number: usize| {
            let lengths: Vec<usize> = (0..20).map(|at| 1 + (at * 7 + number * 5) % 13).collect();
            Packed::shuffled(Tokens::from(distinct(&lengths)), 16, 3, BOS, seed + number as u64).unwrap()
        };
        let mixture = || {
            let sources = weights.iter().enumerate().map(|(number, &weight)| (source(number), weight));
            Mixture::new(sources.collect()).unwrap()
        };
        let (mut straight, mut again) = (mixture(), mixture());
        let mut mixed = take(&mut straight, at);
        take(&mut again, from);
        again.seek(&straight.cursor()).unwrap();
        prop_assert_eq!(take(&mut again, 5), take(&mut straight, 5));
        // what each source deals alone is what it deals here
        again.seek(&Cursor { epoch: 0, row: 3 * at as u64 }).unwrap();
        let mut alone = Vec::new();
        for (number, &dealt) in again.dealt().iter().enumerate() {
            alone.extend(take(&mut source(number), dealt.div_ceil(3) as usize).into_iter().take(dealt as usize));
        }
        let key = |row: &Row| row.iter().map(|place| (place.0, place.1)).collect::<Vec<_>>();
        mixed.sort_by_key(key);
        alone.sort_by_key(key);
        prop_assert_eq!(mixed, alone);
    }
}

/// Lengths as texts have them: the logarithm is normal.
fn lognormal(median: f64, deviation: f64, count: usize) -> Vec<usize> {
    let mut random = Random::new(5, "lengths");
    let mut length = || (median.ln() + deviation * random.normals()[0]).exp().ceil() as usize;
    (0..count).map(|_| length()).collect()
}

#[test]
fn hardly_a_place_is_wasted() {
    // (median length, deviation of its logarithm, documents, context): conversations to web pages
    for (median, deviation, count, context) in [
        (80.0, 0.7, 2_000, 512),
        (150.0, 1.0, 5_000, 512),
        (300.0, 1.0, 5_000, 1024),
        (400.0, 1.2, 20_000, 2048),
        (700.0, 1.1, 20_000, 1024),
    ] {
        let lengths = lognormal(median, deviation, count);
        let packed = Packed::shuffled(Tokens::from(distinct(&lengths)), context, 8, BOS, 1).unwrap();
        println!("median {median}, deviation {deviation}, T {context}: {:.5}", packed.efficiency());
        assert!(packed.efficiency() > 0.97, "{median} {deviation} {context}: {}", packed.efficiency());
    }
}

#[test]
fn epochs_differ_in_rows_and_in_who_shares_them() {
    let lengths: Vec<usize> = (0..200).map(|at| 1 + at % 9).collect();
    let source = |seed| Packed::shuffled(Tokens::from(distinct(&lengths)), 16, 1, BOS, seed).unwrap();
    let mut packed = source(1);
    let count = packed.rows();
    let (first, second, other) =
        (take(&mut packed, count), take(&mut packed, count), take(&mut source(2), count));
    let sorted = |rows: &[Row]| {
        let mut rows: Vec<_> = rows.iter().map(pieces_of).collect();
        rows.sort();
        rows
    };
    assert_ne!(first, second);
    assert_ne!(first, other);
    assert_ne!(sorted(&first), sorted(&second), "the same pieces share rows in every epoch");
}

#[test]
fn a_packed_batch_costs_what_its_documents_cost_alone() {
    let (_, decoder) = random_decoder(&tiny(), DType::F64);
    let mut random = Random::new(1, "documents");
    let mut document = |length: usize| {
        let mut ids = vec![BOS];
        ids.extend((1..length).map(|_| 1 + random.below(22) as u32));
        ids
    };
    let documents: Vec<Vec<u32>> = [7, 3, 16, 9, 1, 5, 12].map(&mut document).into();
    let loss = |ids: Vec<u32>, context: usize| {
        let mut packed = Packed::sequential(Tokens::from(ids), context, 100, BOS).unwrap();
        let loss = NextToken(&decoder).loss(&packed.next(0).unwrap().unwrap()).unwrap();
        assert!(packed.next(0).unwrap().is_none());
        (loss.mean.to_scalar::<f64>().unwrap(), loss.weight)
    };
    let (together, weight) = loss(documents.concat(), 16);
    assert_eq!(weight, 53.0);
    let alone: f64 = documents.iter().map(|ids| loss(ids.clone(), ids.len())).map(|(mean, n)| mean * n).sum();
    assert!((together - alone / weight).abs() < 1e-12, "{together} {}", alone / weight);
}

#[test]
fn evaluation_passes_over_padding() {
    let (_, decoder) = random_decoder(&tiny(), DType::F64);
    let tokens = Tokens::from(vec![BOS, 3, 4, 5, 6, 7, 8, 9, 10]);
    let bytes = [1; 23]; // BOS too, so that padding would count if it were not left out
    let mut packed = Packed::sequential(tokens.clone(), 16, 4, BOS).unwrap();
    let padded = evaluate(&decoder, &mut packed, &bytes).unwrap();
    assert_eq!((padded.tokens, padded.bytes), (9, 9));
    let exact = evaluate(&decoder, &mut Rows::sequential(tokens, 8, 4, BOS).unwrap(), &bytes).unwrap();
    assert!(padded.nats > exact.nats, "one target more: the end of the document");
}

#[test]
fn impossible_settings_are_errors() {
    let tokens = || Tokens::from(vec![BOS, 1, 2]);
    assert!(Packed::shuffled(Tokens::from(Vec::new()), 8, 1, BOS, 1).is_err());
    assert!(Packed::shuffled(tokens(), 0, 1, BOS, 1).is_err());
    assert!(Packed::shuffled(tokens(), 8, 0, BOS, 1).is_err());
    let source = |context| Packed::shuffled(tokens(), context, 1, BOS, 1).unwrap();
    assert!(source(8).seek(&Cursor { epoch: 0, row: 2 }).is_err());
    assert!(Mixture::new(Vec::new()).is_err());
    assert!(Mixture::new(vec![(source(8), 1.0), (source(4), 1.0)]).is_err());
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Mixture::new(vec![(source(8), weight)]).is_err(), "{weight}");
    }
}

#[test]
fn a_mixture_ends_with_the_source_that_is_due() {
    let once = Packed::sequential(Tokens::from(distinct(&[8, 8, 8])), 8, 2, BOS).unwrap();
    let endless = Packed::shuffled(Tokens::from(distinct(&[8])), 8, 2, BOS, 1).unwrap();
    let mut mixture = Mixture::new(vec![(once, 1.0), (endless, 1.0)]).unwrap();
    assert_eq!(take(&mut mixture, 3).len(), 6);
    assert!(mixture.next(0).unwrap().is_none());
    assert_eq!(mixture.dealt(), [3, 3]);
}
