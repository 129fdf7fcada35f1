//! Languages of texts, one a line on standard input: a label and a score a line; on standard error what it cost.
//!
//!     cargo run --release -p fineweb-filter --example language -- whatlang < texts
//!     cargo run --release -p fineweb-filter --example language -- lid.176.ftz < texts
//!
//! `bench/language` calls it, and compares with the library and with the truth. In a text, `\n` stands for a line feed.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows")]

mod cpu;

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use cpu::cpu_ns;
use fineweb_filter::language::{Detector, FastText, Whatlang};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let backend = arguments.next().ok_or("which backend?")?;
    let prefix: usize = arguments.next().map_or(Ok(usize::MAX), |prefix| prefix.parse())?;
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let texts: Vec<String> = input.lines().map(|line| line.replace("\\n", "\n")).collect();
    let begin = cpu_ns();
    let detector: Box<dyn Detector> = match backend.as_str() {
        "whatlang" => Box::new(Whatlang),
        model => Box::new(FastText::load(Path::new(model))?),
    };
    let loaded = cpu_ns();
    let mut answers = String::new();
    for text in &texts {
        match detector.detect(&text[..text.floor_char_boundary(prefix)]) {
            Some(found) => writeln!(answers, "{}\t{:.6}", found.code, found.score)?,
            None => writeln!(answers, "-\t0")?,
        }
    }
    let seconds = (cpu_ns() - loaded) as f64 / 1e9;
    print!("{answers}");
    let bytes: usize = texts.iter().map(|text| text.len().min(prefix)).sum();
    eprintln!(
        "{backend}: {} texts, {:.2} MB: loaded in {:.4} s, {seconds:.3} s of CPU, {:.0} texts/s, {:.1} MB/s",
        texts.len(),
        bytes as f64 / 1e6,
        (loaded - begin) as f64 / 1e9,
        texts.len() as f64 / seconds,
        bytes as f64 / 1e6 / seconds,
    );
    Ok(())
}
