//! Kneser–Ney is a distribution, the one that the paper defines, and it learns.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use model::{Error, Evaluation, KneserNey, Rows, Tokens, evaluate};
use proptest::collection::vec;
use proptest::prelude::*;

const BOS: u32 = 0;

fn stream(documents: &[Vec<u32>]) -> Tokens {
    Tokens::from(documents.iter().flat_map(|rest| [&[BOS], &rest[..]].concat()).collect::<Vec<u32>>())
}

fn documents(vocabulary: u32) -> impl Strategy<Value = Vec<Vec<u32>>> {
    vec(vec(1..vocabulary, 0..20), 1..30)
}

/// The definition, read off the paper: sets of what was seen, and no thought of speed.
struct Oracle {
    counts: Vec<BTreeMap<Vec<u32>, f64>>, // by order - 1
    discounts: Vec<[f64; 3]>,
    vocabulary: f64,
}

impl Oracle {
    fn new(documents: &[Vec<u32>], vocabulary: u32, order: usize) -> Self {
        let whole: Vec<Vec<u32>> =
            documents.iter().map(|rest| [&[BOS], &rest[..], &[BOS]].concat()).collect();
        // by itself, the beginning of a document is no event
        let grams = |length: usize| {
            let windows = move |document| <[u32]>::windows(document, length).skip(usize::from(length == 1));
            whole.iter().flat_map(move |document| windows(document))
        };
        let counts_of = |length: usize| {
            let mut counts = BTreeMap::new();
            for gram in grams(length).filter(|gram| length == order || gram[0] == BOS && length > 1) {
                *counts.entry(gram.to_vec()).or_insert(0.0) += 1.0;
            }
            let mut befores = BTreeMap::<Vec<u32>, BTreeSet<u32>>::new();
            for gram in grams(length + 1).filter(|_| length < order) {
                befores.entry(gram[1..].to_vec()).or_default().insert(gram[0]);
            }
            counts.extend(befores.into_iter().map(|(gram, before)| (gram, before.len() as f64)));
            counts
        };
        let counts: Vec<_> = (1..=order).map(counts_of).collect();
        let discounts = counts.iter().map(|counts| {
            let n = |count: f64| counts.values().filter(|&&c| c == count).count() as f64;
            let y = n(1.0) / (n(1.0) + 2.0 * n(2.0));
            let d = |r: f64| r - (r + 1.0) * y * n(r + 1.0) / n(r);
            let all = [d(1.0), d(2.0), d(3.0)];
            let usable = (1..=4).all(|r| n(f64::from(r)) > 0.0) && all.iter().all(|&d| d > 0.0);
            if usable { all } else { [0.5, 1.0, 1.5] }
        });
        Self { discounts: discounts.collect(), counts, vocabulary: f64::from(vocabulary) }
    }

    fn probability(&self, context: &[u32], token: u32) -> f64 {
        let order = context.len();
        let lower = if order == 0 { 1.0 / self.vocabulary } else { self.probability(&context[1..], token) };
        let discount = |count: f64| self.discounts[order][count.min(3.0) as usize - 1];
        let after = self.counts[order].iter().filter(|(gram, _)| gram[..order] == *context);
        let after: Vec<f64> = after.map(|(_, &count)| count).collect();
        if after.is_empty() {
            return lower;
        }
        let count = self.counts[order].get(&[context, &[token]].concat());
        let own = count.map_or(0.0, |&count| count - discount(count));
        let left: f64 = after.iter().map(|&count| discount(count)).sum();
        (own + left * lower) / after.iter().sum::<f64>()
    }
}

proptest! {
    #[test]
    fn probabilities_add_up_to_1_after_any_context(
        documents in documents(9), order in 1..6usize, context in vec(0..9u32, 0..8),
    ) {
        let model = KneserNey::new(&stream(&documents), 9, order, BOS).unwrap();
        let seen = documents[0].iter().copied();
        for context in [context, [BOS].into_iter().chain(seen).collect()] {
            let sum: f64 = (0..9).map(|token| model.log_prob(&context, token).exp()).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9, "{sum} after {context:?}");
        }
    }

    #[test]
    fn probabilities_are_those_of_the_paper(
        documents in documents(5), order in 1..5usize, context in vec(1..5u32, 0..4), token in 0..5u32,
    ) {
        let model = KneserNey::new(&stream(&documents), 5, order, BOS).unwrap();
        let oracle = Oracle::new(&documents, 5, order);
        for context in [context.clone(), [&[BOS], &context[..]].concat()] {
            let expected = oracle.probability(&context[(context.len() + 1).saturating_sub(order)..], token);
            let got = model.log_prob(&context, token).exp();
            prop_assert!((got - expected).abs() < 1e-12, "{got} {expected}");
        }
    }
}

/// Documents 1 1 2 and 1, worked out by hand; so few n-grams have the discounts ½, 1 and 1½.
#[test]
fn a_small_example_by_hand() {
    let model = KneserNey::new(&stream(&[vec![1, 1, 2], vec![1]]), 3, 2, BOS).unwrap();
    let check = |context: &[u32], token: u32, expected: f64| {
        let got = model.log_prob(context, token).exp();
        assert!((got - expected).abs() < 1e-12, "{token} after {context:?}: {got}, expected {expected}");
    };
    // 1 stands after 0 and 1, 2 after 1, the end after 1 and 2: 5 bigrams, of which 2.5 are set aside
    let unigram = |count: f64, discount: f64| (count - discount) / 5.0 + 2.5 / 5.0 / 3.0;
    check(&[], 1, unigram(2.0, 1.0));
    check(&[], 2, unigram(1.0, 0.5));
    check(&[], 0, unigram(2.0, 1.0));
    // after 0: twice 1. After 1: once each 1, 2 and the end
    check(&[0], 1, (2.0 - 1.0) / 2.0 + 1.0 / 2.0 * unigram(2.0, 1.0));
    check(&[0], 2, 1.0 / 2.0 * unigram(1.0, 0.5));
    check(&[2, 1], 2, (1.0 - 0.5) / 3.0 + 1.5 / 3.0 * unigram(1.0, 0.5));
}

#[test]
fn longer_contexts_predict_better_what_depends_on_them() {
    let train = common::corpus(23, 20_000);
    let held_out = common::corpus(23, 3_000);
    let loss = |order| {
        let model = KneserNey::new(&train, 23, order, BOS).unwrap();
        model
            .evaluate(&held_out, &[0, 1].iter().copied().chain([1; 21]).collect::<Vec<u32>>())
            .unwrap()
            .loss()
    };
    // two successors are equally likely: their entropy is 0.69 nats, and one in thirty ends a document
    assert!(loss(1) > 2.0 && loss(2) < 0.75, "{} {}", loss(1), loss(2));
    assert!(loss(5) < 0.8, "{}", loss(5));
}

/// The n-gram model scores the tokens that a neural one scores, so that their bits per byte compare.
#[test]
fn it_scores_the_same_tokens_as_a_decoder() {
    let (_, decoder) = common::random_decoder(&common::tiny(), candle_core::DType::F32);
    let tokens = common::corpus(23, 16 * 20 + 1);
    let bytes: Vec<u32> = (0..23).collect(); // BOS has none
    let model = KneserNey::new(&tokens, 23, 3, BOS).unwrap();
    let Evaluation { tokens: count, bytes: length, .. } = model.evaluate(&tokens, &bytes).unwrap();
    let mut rows = Rows::sequential(tokens.clone(), 16, 4, BOS).unwrap();
    let other = evaluate(&decoder, &mut rows, &bytes).unwrap();
    assert_eq!((count, length), (other.tokens, other.bytes));
    let mut packed = model::Packed::sequential(tokens, 16, 4, BOS).unwrap();
    let other = evaluate(&decoder, &mut packed, &bytes).unwrap();
    assert_eq!((count, length), (other.tokens, other.bytes));
}

#[test]
fn what_cannot_be_counted_is_an_error() {
    let tokens = Tokens::from(vec![BOS, 1, 7]);
    assert!(matches!(KneserNey::new(&tokens, 7, 2, BOS), Err(Error::Id { id: 7, vocabulary: 7 })));
    assert!(matches!(KneserNey::new(&tokens, 8, 0, BOS), Err(Error::Setting { .. })));
    assert!(matches!(KneserNey::new(&tokens, 1 << 16, 9, BOS), Err(Error::Setting { .. })));
    assert!(KneserNey::new(&tokens, 1 << 16, 8, BOS).is_ok());
    let model = KneserNey::new(&tokens, 8, 2, BOS).unwrap();
    assert!(matches!(model.evaluate(&tokens, &[1; 7]), Err(Error::Id { id: 7, vocabulary: 7 })));
    assert!(matches!(model.evaluate(&Tokens::from(vec![BOS, 8]), &[1; 9]), Err(Error::Id { id: 8, .. })));
}
