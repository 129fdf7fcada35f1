//! How fast contamination is looked for: runs of words of the first file's lines, in the texts on standard input.
//!
//!     cargo run --release -p fineweb-filter --example decontaminate -- benchmark.txt < texts
#![allow(clippy::print_stdout, reason = "an example shows")]

mod cpu;

use std::io::Read;

use cpu::cpu_ns;
use fineweb_filter::{Benchmarks, DecontaminateSettings};

const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut benchmarks = Benchmarks::new(&DecontaminateSettings::default());
    for path in std::env::args().skip(1) {
        for line in std::fs::read_to_string(&path)?.lines() {
            benchmarks.add(&path, line);
        }
    }
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let (mut found, begin) = (0, cpu_ns());
    for _ in 0..ROUNDS {
        found += input.lines().filter(|text| benchmarks.find(text).is_some()).count();
    }
    let seconds = (cpu_ns() - begin) as f64 / 1e9;
    println!(
        "{} runs, {} lines too short; {:.0} MB/s; {} of {} texts found",
        benchmarks.len(),
        benchmarks.too_short(),
        (input.len() * ROUNDS) as f64 / 1e6 / seconds,
        found / ROUNDS,
        input.lines().count(),
    );
    Ok(())
}
