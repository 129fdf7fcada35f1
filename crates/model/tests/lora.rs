//! Adapters: gradients against candle's own, merging, and what they leave alone.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Device, Tensor};
use common::{kinds, packed_batch, random_decoder, relative_difference};
use model::{CausalLm, Decoder, Lora, NextToken, Objective, Params, Recompute};

fn exact(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

/// Adapters of a decoder, none of whose numbers are 0.
fn adapted(config: &model::Config, dtype: DType, lora: &Lora) -> (Params, Params, Decoder) {
    let (params, _) = random_decoder(config, dtype);
    let adapters = Params::with(9, dtype, Device::Cpu);
    let shapes = Params::with(9, dtype, Device::Cpu);
    Decoder::adapted(config, &params, "", lora, &shapes).unwrap();
    for (name, var) in shapes.vars() {
        adapters.get(&name, var.shape().clone(), model::Initial::Normal { deviation: 0.3 }).unwrap();
    }
    let decoder = Decoder::adapted(config, &params, "", lora, &adapters).unwrap();
    (params, adapters, decoder)
}

#[test]
fn gradients_equal_those_of_candle_and_weights_get_none() {
    let lora = Lora { rank: 3, alpha: 5.0, maps: vec![] };
    for config in kinds() {
        let (params, adapters, decoder) = adapted(&config, DType::F32, &lora);
        let (_, exact_adapters, oracle) = adapted(&config, DType::F64, &lora);
        let batch = packed_batch();
        for recompute in [Recompute::Nothing, Recompute::FeedForward, Recompute::Everything] {
            let decoder = decoder.clone().recomputing(recompute);
            let loss = NextToken(&decoder).loss(&batch).unwrap().mean;
            let expected = NextToken(&oracle.composite()).loss(&batch).unwrap().mean;
            assert!((exact(&loss)[0] - exact(&expected)[0]).abs() < 1e-5, "{config:?}");
            adapters.backward(&loss).unwrap();
            let (gradients, expected) = (adapters.take_gradients(), expected.backward().unwrap());
            for (name, var) in exact_adapters.vars() {
                let expected = exact(expected.get(var.as_tensor()).unwrap());
                let difference = relative_difference(gradients.get(&name).unwrap(), &expected);
                assert!(difference < 1e-5, "{config:?}: gradient of {name} off by {difference}");
            }
            assert_eq!(params.take_gradients().iter().count(), 0, "weights are frozen");
        }
    }
}

#[test]
fn merged_it_is_the_same_model() {
    let lora = Lora { rank: 2, alpha: 4.0, maps: vec!["q_proj".into(), "mlp".into(), "c_attn".into()] };
    for config in kinds() {
        let (params, adapters, decoder) = adapted(&config, DType::F32, &lora);
        let batch = packed_batch();
        let before = exact(&decoder.hidden(&batch.input(), None).unwrap());
        assert!(decoder.cache(1).is_err(), "prepared weights know nothing of adapters");
        lora.merge(&config, &params, &adapters).unwrap();
        let merged = Decoder::new(&config, &params, "").unwrap();
        let after =
            merged.hidden(&batch.input(), None).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let difference = relative_difference(&after, &before);
        assert!(difference < 2e-6, "{config:?}: {difference}");
    }
}

#[test]
fn fresh_adapters_change_nothing() {
    for config in kinds() {
        let (params, plain) = random_decoder(&config, DType::F32);
        let adapters = Params::new(1);
        let lora = Lora::default();
        let decoder = Decoder::adapted(&config, &params, "", &lora, &adapters).unwrap();
        let batch = packed_batch();
        let [a, b] = [&plain, &decoder].map(|decoder| exact(&decoder.hidden(&batch.input(), None).unwrap()));
        assert_eq!(a, b);
        let maps = if config.family == model::Family::Gpt2 {
            4
        } else {
            7 - usize::from(config.family == model::Family::Nanochat)
        };
        assert_eq!(adapters.vars().len(), 2 * maps * config.layers);
    }
    let none = Lora { rank: 0, ..Lora::default() };
    let (params, _) = random_decoder(&kinds()[1], DType::F32);
    assert!(Decoder::adapted(&kinds()[1], &params, "", &none, &Params::new(1)).is_err());
}
