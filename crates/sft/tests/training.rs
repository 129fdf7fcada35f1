//! Packed, padded, accumulated and alone: one loss and one gradient.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Batches, CausalLm, Config, Decoder, Family, NextToken, Objective, Params};
use sft::{Alone, BestFit, ExampleBatches, Examples, Packing, Supervised};

fn config(family: Family) -> Config {
    let (kv_heads, tied) = (if family == Family::Gpt2 { 4 } else { 2 }, family == Family::Gpt2);
    let softcap = if family == Family::Nanochat { 15.0 } else { 0.0 };
    Config {
        family,
        vocabulary: 50,
        context: 32,
        width: 32,
        layers: 2,
        heads: 4,
        kv_heads,
        hidden: 48,
        softcap,
        tied,
        ..Config::default()
    }
}

/// Conversations of several lengths, of each of which some other share is learned.
fn examples() -> Arc<Examples> {
    let mut random = model::Random::new(5, "examples");
    let mut examples = Examples::default();
    for number in 0..12u64 {
        let length = 3 + random.below(20) as usize;
        let ids: Vec<u32> = (0..length).map(|_| random.below(50) as u32).collect();
        let learn: Vec<bool> = (0..length).map(|at| at + 1 == length || random.below(12) < number).collect();
        examples.add(&ids, &learn).unwrap();
    }
    Arc::new(examples)
}

/// Mean loss and gradients of all batches together.
fn all(
    decoder: &Decoder,
    params: &Params,
    packing: Box<dyn Packing>,
    rows: usize,
) -> (f64, BTreeMap<String, Vec<f32>>) {
    let mut batches = ExampleBatches::sequential(examples(), packing, 32, rows).unwrap();
    let (mut loss, mut weight) = (0.0, 0.0);
    while let Some(batch) = batches.next(0).unwrap() {
        let part = Supervised(decoder).loss(&batch).unwrap();
        loss += f64::from(part.mean.to_scalar::<f32>().unwrap()) * part.weight;
        weight += part.weight;
        params.backward(&part.mean.affine(part.weight, 0.0).unwrap()).unwrap();
    }
    let mut gradients = params.take_gradients();
    gradients.scale(1.0 / weight);
    (loss / weight, gradients.iter().map(|(name, values)| (name.to_owned(), values.to_vec())).collect())
}

fn difference(a: &[f32], b: &[f32]) -> f64 {
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let apart = square(&mut a.iter().zip(b).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    (apart / square(&mut b.iter().map(|&b| f64::from(b)))).sqrt()
}

#[test]
fn packed_padded_accumulated_and_alone_are_one() {
    for family in [Family::Gpt2, Family::Llama, Family::Nanochat] {
        let params = Params::new(3);
        let decoder = Decoder::new(&config(family), &params, "").unwrap();
        for (name, _) in params.vars() {
            // nothing at 0: a projection that begins there would hide the rest
            let mut random = model::Random::new(4, &name);
            params
                .update(&name, |values| values.iter_mut().for_each(|x| *x += 0.1 * random.uniform() as f32))
                .unwrap();
        }
        params.touch();
        let (loss, gradients) = all(&decoder, &params, Box::new(Alone), 1);
        let ways: [(Box<dyn Packing>, usize); 4] =
            [(Box::new(BestFit), 1), (Box::new(BestFit), 99), (Box::new(Alone), 5), (Box::new(Alone), 99)];
        for (packing, rows) in ways {
            let (other, others) = all(&decoder, &params, packing, rows);
            assert!((loss - other).abs() < 1e-6 * loss, "{family:?}: {loss} and {other}");
            assert_eq!(gradients.len(), others.len());
            for (name, gradient) in &gradients {
                let apart = difference(&others[name], gradient);
                assert!(apart < 2e-6, "{family:?} {name}: {apart}");
            }
        }
    }
}

/// The mean of the batches' means is another number, and so is a mean over places that nobody learns.
#[test]
fn a_mean_of_means_is_another_loss() {
    let params = Params::new(3);
    let decoder = Decoder::new(&config(Family::Llama), &params, "").unwrap();
    let (loss, _) = all(&decoder, &params, Box::new(Alone), 2);
    let mut batches = ExampleBatches::sequential(examples(), Box::new(Alone), 32, 2).unwrap();
    let (mut means, mut unmasked) = (vec![], vec![]);
    while let Some(mut batch) = batches.next(0).unwrap() {
        let mean = |objective: &dyn Objective<_>, batch: &_| {
            f64::from(objective.loss(batch).unwrap().mean.to_scalar::<f32>().unwrap())
        };
        means.push(mean(&Supervised(&decoder), &batch));
        assert_eq!(
            Supervised(&decoder).loss(&batch).unwrap().weight,
            NextToken(&decoder).loss(&batch).unwrap().weight
        );
        assert!((mean(&NextToken(&decoder), &batch) - means[means.len() - 1]).abs() < 1e-5);
        batch.weights.fill(1.0);
        unmasked.push(mean(&NextToken(&decoder), &batch));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(means.len() > 2 && (mean(&means) - loss).abs() > 1e-4, "{} and {loss}", mean(&means));
    assert!((mean(&unmasked) - loss).abs() > 1e-4);
}

#[test]
fn what_is_measured_is_what_was_trained_on() {
    let params = Params::new(3);
    let decoder = Decoder::new(&config(Family::Nanochat), &params, "").unwrap();
    let (loss, _) = all(&decoder, &params, Box::new(BestFit), 3);
    let mut batches = ExampleBatches::sequential(examples(), Box::new(Alone), 32, 4).unwrap();
    let measured = sft::evaluate(&decoder.detached(), &mut batches).unwrap();
    assert_eq!(measured.tokens as usize, examples().learned());
    assert!((measured.loss() - loss).abs() < 1e-5 * loss);
    assert!(measured.mean_entropy() > 0.0 && measured.mean_entropy() <= 50f64.ln() + 1e-9);
    // the first place of any row has as many scores as there are tokens
    let batch =
        ExampleBatches::sequential(examples(), Box::new(Alone), 32, 1).unwrap().next(0).unwrap().unwrap();
    assert_eq!(decoder.logits(&decoder.hidden(&batch.input(), None).unwrap()).unwrap().dims()[2], 50);
}
