//! What training will take, told before it begins.

use anyhow::Context;
use model::{Batches, Budget, Config, Decoder, NextToken, Objective, Params, Rows, Tokens};
use pipeline::clock::Stopwatch;

use super::{Matrices, Pretrain};

/// Tokens of the step that is tried, and the largest vocabulary it has.
const TRIED: usize = 2048;
const VOCABULARY: usize = 4096;

/// Parameters, operations, memory and time. `vocabulary` is the tokenizer's, where its settings say it.
pub(super) fn lines(settings: &Pretrain, vocabulary: Option<usize>) -> Vec<String> {
    let config = settings.config(vocabulary.unwrap_or(VOCABULARY));
    if let Err(problem) = config.check() {
        return vec![problem.to_string()];
    }
    // Muon remembers one number for most parameters
    let moments = if settings.matrices == Matrices::Muon { 1 } else { 2 };
    let Budget { parameters, flops_per_step, bytes } =
        Budget::new(&config, settings.rows, settings.accumulation, moments, settings.recompute);
    let (steps, tokens) = (settings.steps, settings.accumulation * settings.rows * config.context);
    let unknown = if vocabulary.is_none() { ", if the vocabulary has 4,096 tokens" } else { "" };
    let mut lines = vec![
        format!(
            "{} parameters, {steps} steps of {} tokens, {} in all{unknown}",
            short(parameters as f64),
            short(tokens as f64),
            short(tokens as f64 * steps as f64)
        ),
        format!("{}FLOP, about {}B of memory", short(flops_per_step * steps as f64), short(bytes as f64)),
    ];
    if let Ok(speed) = speed(&config, settings.rows) {
        let seconds = flops_per_step * steps as f64 / speed;
        let threads = rayon::current_num_threads();
        lines.push(format!(
            "about {} here: {threads} threads, {}FLOP/s in a block of this width",
            duration(seconds),
            short(speed)
        ));
    }
    lines
}

/// Operations a second of a training pass through one block: tried, not guessed.
fn speed(config: &Config, rows: usize) -> anyhow::Result<f64> {
    let length = config.context.min(TRIED);
    let rows = (TRIED / length).clamp(1, rows.max(1));
    let vocabulary = config.vocabulary.min(VOCABULARY);
    let tried = Config { layers: 1, vocabulary, context: length, ..config.clone() };
    let params = Params::new(0);
    let decoder = Decoder::new(&tried, &params, "")?;
    let ids: Vec<u32> = (0..=rows * length).map(|at| (at * 37 % vocabulary) as u32).collect();
    let batch = Rows::sequential(Tokens::from(ids), length, rows, 0)?.next(0)?.context("too few tokens")?;
    let mut seconds = f64::INFINITY;
    // the first pass takes memory from the system
    for _ in 0..3 {
        let stopwatch = Stopwatch::start();
        params.backward(&NextToken(&decoder).loss(&batch)?.mean)?;
        drop(params.take_gradients());
        seconds = seconds.min(stopwatch.cost().wall_s);
    }
    Ok(tried.flops_per_token() * (rows * length) as f64 / seconds.max(1e-9))
}

/// Three digits and a prefix of the SI: 1.84 M.
fn short(value: f64) -> String {
    let prefixes = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];
    let step = (value.max(1.0).log10() / 3.0) as usize;
    let step = step.min(prefixes.len() - 1);
    let scaled = value / 1000_f64.powi(step as i32);
    let digits = match scaled {
        _ if step == 0 => 0,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$} {}", prefixes[step]).trim_end().to_owned()
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, lines, short};
    use crate::stages::pretrain::Pretrain;

    #[test]
    fn figures_are_short() {
        let told = [0.0, 999.0, 2048.0, 31_400.0, 1.5e6, 1.24e8, 8.6e19].map(short);
        assert_eq!(told, ["0", "999", "2.05 k", "31.4 k", "1.50 M", "124 M", "86.0 E"]);
        let told = [42.0, 600.0, 9000.0, 1e6].map(duration);
        assert_eq!(told, ["42 s", "10 min", "2.5 h", "12 days"]);
    }

    #[test]
    fn a_plan_tells_parameters_operations_memory_and_time() {
        let told = lines(&Pretrain::default(), Some(4096));
        assert_eq!(told[0], "1.84 M parameters, 300 steps of 4.10 k tokens, 1.23 M in all");
        assert!(told[1].contains("TFLOP, about ") && told[1].ends_with("B of memory"), "{}", told[1]);
        assert!(told[2].starts_with("about ") && told[2].contains("FLOP/s"), "{}", told[2]);
        assert!(lines(&Pretrain::default(), None)[0].ends_with("if the vocabulary has 4,096 tokens"));
    }
}
