//! Fused operations against candle's own, for every kind of decoder.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Tensor};
use common::{ids, kinds, packed_batch, random_decoder, relative_difference};
use model::{CausalLm, Config, Decoder, Input, NextToken, Objective, Params, Recompute, Tokens};

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn exact(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Logits, loss and every gradient of packed rows, in f32 against f64.
#[test]
fn logits_loss_and_gradients_equal_those_of_candle() {
    for config in kinds() {
        let (params, decoder) = random_decoder(&config, DType::F32);
        let (exact_params, oracle) = random_decoder(&config, DType::F64);
        let oracle = oracle.composite();
        let (batch, kind) = (packed_batch(), format!("{config:?}"));
        let hidden = decoder.hidden(&batch.input(), None).unwrap();
        let expected = oracle.hidden(&batch.input(), None).unwrap();
        assert!(relative_difference(&numbers(&hidden), &exact(&expected)) < 2e-6, "{kind}: hidden states");
        let logits = decoder.logits(&hidden).unwrap();
        let expected = oracle.logits(&expected).unwrap();
        assert!(relative_difference(&numbers(&logits), &exact(&expected)) < 2e-6, "{kind}: logits");

        let loss = NextToken(&decoder).loss(&batch).unwrap().mean;
        let expected = NextToken(&oracle).loss(&batch).unwrap().mean;
        assert!(relative_difference(&numbers(&loss), &exact(&expected)) < 1e-6, "{kind}: loss");
        params.backward(&loss).unwrap();
        let (gradients, expected) = (params.take_gradients(), expected.backward().unwrap());
        for (name, var) in exact_params.vars() {
            let gradient = gradients.get(&name).unwrap_or_else(|| panic!("{name} has no gradient"));
            let expected = expected.get(var.as_tensor()).unwrap_or_else(|| panic!("{name}: no oracle"));
            let difference = relative_difference(gradient, &exact(expected));
            assert!(difference < 1e-5, "{kind}: gradient of {name} off by {difference}");
        }
    }
}

/// The same through log-probabilities and through logits, which losses of one's own are made of.
#[test]
fn every_way_to_a_loss_has_the_same_gradients() {
    for config in kinds() {
        let (params, decoder) = random_decoder(&config, DType::F32);
        let batch = packed_batch();
        let weights: Vec<f32> = (0..16u8).map(|at| f32::from(at % 3)).collect();
        let weighted = |values: Tensor| {
            let weights = Tensor::new(&weights[..], values.device()).unwrap();
            (values * weights).unwrap().sum_all().unwrap().neg().unwrap()
        };
        let ways: [&dyn Fn(&Tensor) -> Tensor; 3] = [
            &|hidden| decoder.cross_entropy(hidden, &batch.targets, &weights).unwrap(),
            &|hidden| weighted(decoder.log_probs(hidden, &batch.targets).unwrap()),
            &|hidden| {
                let logits = decoder.logits(hidden).unwrap();
                weighted(model::ops::log_probs(&logits, &batch.targets).unwrap())
            },
        ];
        let results = ways.map(|way| {
            let hidden = decoder.hidden(&batch.input(), None).unwrap().flatten_to(1).unwrap();
            let loss = way(&hidden);
            params.backward(&(&loss * 0.5).unwrap()).unwrap();
            (loss.to_scalar::<f32>().unwrap(), params.take_gradients())
        });
        let (expected, gradients) = &results[0];
        for (loss, others) in &results[1..] {
            assert!((loss - expected).abs() < 1e-4 * expected.abs());
            for (name, gradient) in gradients.iter() {
                let exact: Vec<f64> = gradient.iter().map(|&x| f64::from(x)).collect();
                let difference = relative_difference(others.get(name).unwrap(), &exact);
                assert!(difference < 1e-5, "{config:?}: {name}: {difference}");
            }
        }
    }
}

/// What is computed twice has the bits that it had the first time.
#[test]
fn recomputing_changes_no_bit() {
    for config in kinds() {
        let gradients =
            [Recompute::Nothing, Recompute::FeedForward, Recompute::Everything].map(|recompute| {
                let (params, decoder) = random_decoder(&config, DType::F32);
                let decoder = decoder.recomputing(recompute);
                params.backward(&NextToken(&decoder).loss(&packed_batch()).unwrap().mean).unwrap();
                params.take_gradients()
            });
        for (name, gradient) in gradients[0].iter() {
            assert!(
                gradients[1].get(name) == Some(gradient) && gradients[2].get(name) == Some(gradient),
                "{name}"
            );
        }
    }
}

/// A document has the same bits alone and beside others; a long one, so that chains have several blocks.
#[test]
fn a_packed_document_has_the_bits_that_it_has_alone() {
    for config in kinds() {
        let config = Config { context: 700, ..config };
        let (_, decoder) = random_decoder(&config, DType::F32);
        let first: Vec<u32> = (0..41).map(|at| at * 5 % 23).collect();
        let second: Vec<u32> = (0..650).map(|at| at * 7 % 23).collect();
        let row = [&first[..], &second[..]].concat();
        let documents = [vec![0; first.len()], vec![1; second.len()]].concat();
        let positions: Vec<u32> = (0..41).chain(0..650).collect();
        let (ids, documents, positions) =
            (ids(&[&row]), common::ids(&[&documents]), common::ids(&[&positions]));
        let input = Input { documents: Some(&documents), positions: Some(&positions), ..Input::new(&ids) };
        let packed = numbers(&decoder.hidden(&input, None).unwrap());
        let alone = numbers(&decoder.hidden(&Input::new(&common::ids(&[&second])), None).unwrap());
        assert!(packed[41 * 16..] == alone, "{config:?}");
    }
}

/// A row of a batch has the same bits alone, and a token through the cache those of a full pass.
#[test]
fn rows_and_caches_change_no_bit() {
    for config in kinds() {
        let config = Config { context: 600, ..config };
        let (_, decoder) = random_decoder(&config, DType::F32);
        let rows: Vec<Vec<u32>> =
            (0..64).map(|row| (0..9).map(|at| (row * 3 + at * at) % 23).collect()).collect();
        let slices: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let together = decoder.hidden(&Input::new(&ids(&slices)), None).unwrap();
        let logits = decoder.logits(&together).unwrap();
        for row in [0, 13, 63] {
            let alone = decoder.hidden(&Input::new(&ids(&[slices[row]])), None).unwrap();
            assert!(numbers(&together.get(row).unwrap()) == numbers(&alone), "{config:?}: row {row}");
            let alone = decoder.logits(&alone).unwrap();
            assert!(numbers(&logits.get(row).unwrap()) == numbers(&alone), "{config:?}: logits of row {row}");
        }
        let long: Vec<u32> = (0..560).map(|at| at * 11 % 23).collect();
        let full = numbers(&decoder.hidden(&Input::new(&ids(&[&long])), None).unwrap());
        let mut cache = decoder.cache(2).unwrap();
        let mut step = |from: usize, to: usize| {
            let rows = ids(&[&long[from..to], &long[from..to]]);
            numbers(&decoder.hidden(&Input::new(&rows), Some(&mut *cache)).unwrap().get(1).unwrap())
        };
        let parts = [(0, 100), (100, 130), (130, 510), (510, 511), (511, 512), (512, 513), (513, 560)];
        let cached: Vec<f32> = parts.iter().flat_map(|&(from, to)| step(from, to)).collect();
        assert!(full == cached, "{config:?}: through the cache");
    }
}

/// Prepared weights follow an optimizer's step.
#[test]
fn the_cache_sees_new_weights() {
    let (params, decoder) = random_decoder(&common::tiny(), DType::F32);
    let pass = |decoder: &Decoder| {
        let mut cache = decoder.cache(1).unwrap();
        numbers(&decoder.hidden(&Input::new(&ids(&[&[1, 2]])), Some(&mut *cache)).unwrap())
    };
    let before = pass(&decoder);
    params.update("model.layers.0.mlp.fc1.weight", |values| values[0] += 1.0).unwrap();
    params.touch();
    let after = pass(&decoder);
    assert!(before != after);
    assert!(after == numbers(&decoder.hidden(&Input::new(&ids(&[&[1, 2]])), None).unwrap()));
}

#[test]
fn threads_change_no_bit_of_a_step() {
    let config = Config { width: 64, hidden: 256, context: 64, vocabulary: 500, ..common::tiny() };
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let params = Params::new(3);
            let decoder = Decoder::new(&config, &params, "").unwrap();
            let corpus: Tokens = common::corpus(500, 9000);
            let mut batches = model::Rows::shuffled(corpus, 64, 8, 0, 1).unwrap();
            let plan = model::Plan { steps: 3, ..model::Plan::default() };
            let mut optimizer = model::Muon::default();
            let mut on_step = |_: &model::Progress| std::ops::ControlFlow::Continue(());
            model::fit(
                &params,
                &mut batches,
                &NextToken(&decoder),
                &mut optimizer,
                &plan,
                None,
                &mut on_step,
            )
            .unwrap();
            common::bits(&params)
        })
    };
    assert!(run(1) == run(2));
}
