//! Every parameter gets a gradient, and it is the derivative of the loss.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use common::{ids, kinds, packed_batch, random_decoder, tiny};
use model::{CausalLm, Input, NextToken, Objective};

fn loss(objective: &NextToken<'_>) -> f64 {
    objective.loss(&packed_batch()).unwrap().mean.to_scalar().unwrap()
}

#[test]
fn no_parameter_is_without_a_gradient() {
    for config in kinds() {
        let (params, decoder) = random_decoder(&config, DType::F32);
        params.backward(&NextToken(&decoder).loss(&packed_batch()).unwrap().mean).unwrap();
        let gradients = params.take_gradients();
        for (name, _) in params.vars() {
            let gradient = gradients.get(&name).unwrap_or_else(|| panic!("{name} has no gradient"));
            let norm: f32 = gradient.iter().map(|x| x * x).sum();
            assert!(norm.is_finite() && norm > 0.0, "{name}: {norm}");
        }
        assert!(params.take_gradients().iter().next().is_none(), "they are taken once");
    }
}

/// Central differences in f64, three entries of every parameter.
#[test]
fn gradients_are_the_slopes_of_the_loss() {
    const STEP: f64 = 1e-5;
    for config in kinds() {
        let (params, decoder) = random_decoder(&config, DType::F64);
        let objective = NextToken(&decoder);
        let gradients = objective.loss(&packed_batch()).unwrap().mean.backward().unwrap();
        for (name, var) in params.vars() {
            let gradient: Vec<f64> =
                gradients.get(var.as_tensor()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let values: Vec<f64> = var.flatten_all().unwrap().to_vec1().unwrap();
            for at in [0, values.len() / 2, values.len() - 1] {
                let slope = (shifted(&objective, &var, &values, at, STEP)
                    - shifted(&objective, &var, &values, at, -STEP))
                    / (2.0 * STEP);
                let error = (slope - gradient[at]).abs() / gradient[at].abs().max(1e-3);
                assert!(error < 1e-5, "{name}[{at}]: slope {slope}, gradient {}", gradient[at]);
            }
        }
    }
}

fn shifted(objective: &NextToken<'_>, var: &Var, values: &[f64], at: usize, step: f64) -> f64 {
    let set =
        |values: Vec<f64>| var.set(&Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap()).unwrap();
    let mut moved = values.to_vec();
    moved[at] += step;
    set(moved);
    let result = loss(objective);
    set(values.to_vec());
    result
}

/// The head goes in chunks of rows: more than two of them, against scores held at once.
#[test]
fn chunked_head_equals_whole_logits() {
    let (params, decoder) = random_decoder(&tiny(), DType::F32);
    let (rows, width) = (1100, 16);
    let mut random = model::Random::new(5, "head");
    let values: Vec<f32> = (0..rows * width).map(|_| random.normals()[0] as f32).collect();
    let hidden = Var::from_vec(values, (rows, width), &Device::Cpu).unwrap();
    let targets: Vec<u32> = (0..rows as u32).map(|at| at * 7 % 23).collect();
    let weights: Vec<f32> = (0..rows).map(|at| at as f32 / rows as f32).collect();
    let weight = Tensor::new(&weights[..], &Device::Cpu).unwrap();
    let gradients = |loss: Tensor| {
        params.backward(&loss).unwrap();
        let found = loss.backward().unwrap();
        params.take_gradients();
        params.backward(&loss).unwrap();
        (found.get(hidden.as_tensor()).unwrap().clone(), params.take_gradients())
    };
    let whole = model::ops::log_probs(&decoder.logits(&hidden).unwrap(), &targets).unwrap();
    let whole = gradients((whole * &weight).unwrap().sum_all().unwrap().neg().unwrap());
    let chunked = decoder.log_probs(&hidden, &targets).unwrap();
    let chunked = gradients((chunked * &weight).unwrap().sum_all().unwrap().neg().unwrap());
    assert!(common::largest_difference(&chunked.0, &whole.0) < 1e-5);
    let name = "lm_head.weight";
    let exact: Vec<f64> = whole.1.get(name).unwrap().iter().map(|&x| f64::from(x)).collect();
    assert!(common::relative_difference(chunked.1.get(name).unwrap(), &exact) < 1e-5);
    let at_once = decoder.cross_entropy(&hidden, &targets, &weights).unwrap();
    let found = at_once.backward().unwrap();
    assert!(common::largest_difference(found.get(hidden.as_tensor()).unwrap(), &whole.0) < 1e-5);
    assert!(common::relative_difference(params.take_gradients().get(name).unwrap(), &exact) < 1e-5);
}

/// A packed row scores each document as if it stood alone.
#[test]
fn documents_in_a_row_do_not_see_each_other() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let packed = decoder.hidden(&packed_batch().input(), None).unwrap();
    let second = packed.get(0).unwrap().narrow(0, 4, 4).unwrap();
    let alone = decoder.hidden(&Input::new(&ids(&[&[0, 7, 7, 1]])), None).unwrap().get(0).unwrap();
    assert!(common::largest_difference(&second, &alone) < 1e-5);
}
