//! Trains a small model on the bytes of a text file and continues a prompt.
//!
//! `cargo run --release -p model --example train_on_text -- FILE [STEPS]`
#![allow(clippy::print_stdout, reason = "an example is here to be read")]

use std::ops::ControlFlow;

use model::{
    AdamW, Config, Decoder, Draw, Limits, NextToken, Params, Plan, Prompt, Rows, Schedule, Tokens, evaluate,
    fit, generate,
};

/// One id past the bytes.
const BOS: u32 = 256;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let text = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let steps = arguments.next().map_or(Ok(300), |steps| steps.parse())?;

    let config = Config { vocabulary: 257, ..Config::default() };
    let ids: Vec<u32> = std::iter::once(BOS).chain(text.iter().map(|&byte| byte.into())).collect();
    let (train, held_out) = ids.split_at(ids.len() * 9 / 10);
    let mut batches = Rows::shuffled(Tokens::from(train.to_vec()), config.context, 8, BOS, 1)?;
    let mut validation = Rows::sequential(Tokens::from(held_out.to_vec()), config.context, 16, BOS)?;

    let params = Params::new(1);
    let decoder = Decoder::new(&config, &params, "")?;
    println!("{} parameters, {}", params.count(), model::kernel_class());
    let plan = Plan { steps, schedule: Schedule { peak: 4e-3, ..Schedule::default() }, ..Plan::default() };
    fit(&params, &mut batches, &NextToken(&decoder), &mut AdamW::default(), &plan, None, &mut |progress| {
        if progress.step.is_multiple_of(20) || progress.step == 1 {
            println!("step {:5}  loss {:.3}  norm {:.2}", progress.step, progress.loss, progress.grad_norm);
        }
        ControlFlow::Continue(())
    })?;

    let decoder = decoder.detached();
    println!("{:.3} bits per byte", evaluate(&decoder, &mut validation, &[1; 257])?.bits_per_byte());
    let prompt = Prompt { ids: vec![BOS], seed: 1 };
    let limits = Limits { new_tokens: 200, context: config.context, stop: vec![BOS] };
    let completion =
        &generate(&decoder, &[prompt], &Draw { temperature: 0.8, ..Draw::default() }, &limits)?[0];
    let bytes: Vec<u8> = completion.ids.iter().map(|&id| id as u8).collect();
    println!("{}", String::from_utf8_lossy(&bytes));
    Ok(())
}
