//! A GPU computes what the CPU computes, for every kind of decoder. `bench/check-cuda` builds this, and runs it where there is
//! one.
#![cfg(feature = "cuda")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::ops::ControlFlow;

use candle_core::{DType, Device};
use common::{bits, kinds, packed_batch, random_decoder, random_decoder_on, relative_difference, rows};
use model::{
    AdamW, AdamWSettings, CausalLm, Config, Decoder, NextToken, Objective, Params, Plan, Progress, Schedule,
    fit,
};

fn gpu() -> Device {
    Device::new_cuda(0).unwrap()
}

#[test]
fn logits_loss_and_gradients_equal_those_of_the_cpu() {
    for config in kinds() {
        let (params, decoder) = random_decoder_on(&gpu(), &config, DType::F32);
        let (exact_params, oracle) = random_decoder(&config, DType::F64);
        let (batch, kind) = (packed_batch(), format!("{config:?}"));
        let numbers = |of: &dyn CausalLm| {
            let hidden = of.hidden(&batch.input(), None).unwrap();
            let logits = of.logits(&hidden).unwrap().flatten_all().unwrap();
            logits.to_dtype(DType::F64).unwrap().to_vec1::<f64>().unwrap()
        };
        let found: Vec<f32> = numbers(&decoder).into_iter().map(|x| x as f32).collect();
        assert!(relative_difference(&found, &numbers(&oracle)) < 1e-5, "{kind}: logits");

        params.backward(&NextToken(&decoder).loss(&batch).unwrap().mean).unwrap();
        let expected = NextToken(&oracle).loss(&batch).unwrap().mean.backward().unwrap();
        let gradients = params.take_gradients();
        for (name, var) in exact_params.vars() {
            let gradient = gradients.get(&name).unwrap_or_else(|| panic!("{name} has no gradient"));
            let expected = expected.get(var.as_tensor()).unwrap().flatten_all().unwrap();
            let difference = relative_difference(gradient, &expected.to_vec1().unwrap());
            assert!(difference < 1e-4, "{kind}: gradient of {name} off by {difference}");
        }
    }
}

/// Losses of forty steps, and the parameters after them.
fn train(device: &Device, config: &Config) -> (Vec<f64>, Vec<(String, Vec<u32>)>) {
    let params = Params::with(2, DType::F32, device.clone());
    let decoder = Decoder::new(config, &params, "").unwrap();
    let schedule = Schedule { peak: 2e-2, warmup_steps: 5, ..Schedule::default() };
    let plan = Plan { steps: 40, schedule, ..Plan::default() };
    // where a gradient is next to nothing, AdamW would take its rounding for a direction
    let mut optimizer = AdamW::new(AdamWSettings { epsilon: 1e-3, ..AdamWSettings::default() });
    let (objective, mut batches, mut losses) = (NextToken(&decoder), rows(config), vec![]);
    let mut on_step = |progress: &Progress| {
        losses.push(progress.loss);
        ControlFlow::Continue(())
    };
    fit(&params, &mut batches, &objective, &mut optimizer, &plan, None, &mut on_step).unwrap();
    (losses, bits(&params))
}

#[test]
fn training_goes_the_same_way() {
    for config in kinds() {
        let ((there, _), (here, _)) = (train(&gpu(), &config), train(&Device::Cpu, &config));
        assert_eq!(there.len(), 40);
        assert!(here[39] < here[0] - 0.5, "{config:?} learns nothing: {here:?}");
        for (step, (there, here)) in there.iter().zip(&here).enumerate() {
            assert!((there - here).abs() < 1e-3, "{config:?}, step {step}: {there} and {here}");
        }
    }
}

#[test]
fn a_gpu_does_the_same_twice() {
    for config in kinds() {
        assert_eq!(train(&gpu(), &config), train(&gpu(), &config), "{config:?}");
    }
}
