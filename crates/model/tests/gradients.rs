//! Every parameter gets a gradient, and it is the derivative of the loss.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Device, Tensor, Var};
use common::{ids, random_decoder, tiny};
use model::{Input, NextToken, Objective, TokenBatch};

fn batch() -> TokenBatch {
    TokenBatch {
        ids: ids(&[&[0, 5, 9, 2, 0, 7, 7, 1], &[0, 3, 3, 20, 22, 4, 8, 6]]),
        targets: vec![5, 9, 2, 0, 7, 7, 1, 14, 3, 3, 20, 22, 4, 8, 6, 13],
        weights: [1.0, 1.0, 0.0, 0.5].repeat(4),
        positions: ids(&[&[0, 1, 2, 3, 0, 1, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7]]),
        documents: ids(&[&[0, 0, 0, 0, 1, 1, 1, 1], &[0, 0, 0, 0, 0, 0, 0, 0]]),
    }
}

fn loss(objective: &NextToken<'_>) -> f64 {
    objective.loss(&batch()).unwrap().mean.to_scalar().unwrap()
}

#[test]
fn no_parameter_is_without_a_gradient() {
    for tied in [false, true] {
        let (params, decoder) = random_decoder(&model::Config { tied, ..tiny() }, DType::F32);
        let gradients = NextToken(&decoder).loss(&batch()).unwrap().mean.backward().unwrap();
        for (name, var) in params.vars() {
            let gradient = gradients.get(var.as_tensor()).unwrap_or_else(|| panic!("{name} has no gradient"));
            let norm: f32 = gradient.sqr().unwrap().sum_all().unwrap().to_scalar().unwrap();
            assert!(norm.is_finite() && norm > 0.0, "{name}: {norm}");
        }
    }
}

/// Central differences in f64, three entries of every parameter.
#[test]
fn gradients_are_the_slopes_of_the_loss() {
    const STEP: f64 = 1e-5;
    for tied in [false, true] {
        let (params, decoder) = random_decoder(&model::Config { tied, ..tiny() }, DType::F64);
        let objective = NextToken(&decoder);
        let gradients = objective.loss(&batch()).unwrap().mean.backward().unwrap();
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

/// The head that goes in chunks agrees with the logits held at once, in value and gradient.
#[test]
fn chunked_head_equals_whole_logits() {
    let (rows, width, vocabulary) = (1100, 8, 50); // more than two chunks
    let mut random = model::Random::new(5, "head");
    let mut draw = |shape: (usize, usize)| {
        let values: Vec<f64> = (0..shape.0 * shape.1).map(|_| random.normals()[0]).collect();
        Var::from_vec(values, shape, &Device::Cpu).unwrap()
    };
    let (hidden, weight) = (draw((rows, width)), draw((vocabulary, width)));
    let targets: Vec<u32> = (0..rows as u32).map(|at| at * 7 % vocabulary as u32).collect();
    let importance = Tensor::arange(0.0, rows as f64, &Device::Cpu).unwrap();
    let chunked = model::ops::head_log_probs(&hidden, &weight, &targets).unwrap();
    let logits = hidden.matmul(&weight.t().unwrap()).unwrap();
    let whole = model::ops::log_probs(&logits, &targets).unwrap();
    assert!(common::largest_difference(&chunked, &whole) < 1e-12);
    let gradient = |value: Tensor| (value * &importance).unwrap().sum_all().unwrap().backward().unwrap();
    let (chunked, whole) = (gradient(chunked), gradient(whole));
    for var in [&hidden, &weight] {
        let (a, b) = (chunked.get(var.as_tensor()).unwrap(), whole.get(var.as_tensor()).unwrap());
        assert!(common::largest_difference(a, b) < 1e-9);
    }
}

/// A packed row scores each document as if it stood alone.
#[test]
fn documents_in_a_row_do_not_see_each_other() {
    use model::CausalLm;
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let packed = decoder.hidden(&batch().input(), None).unwrap();
    let second = packed.get(0).unwrap().narrow(0, 4, 4).unwrap();
    let alone = decoder.hidden(&Input::new(&ids(&[&[0, 7, 7, 1]])), None).unwrap().get(0).unwrap();
    assert!(common::largest_difference(&second, &alone) < 1e-5);
}
