//! How fast private data is looked for: megabytes a second of CPU time, in the texts on standard input.
//!
//!     cargo run --release -p fineweb-filter --example redact < texts
#![allow(clippy::print_stdout, reason = "an example shows")]

mod cpu;

use std::io::Read;

use cpu::cpu_ns;
use fineweb_filter::redact::Pii;
use fineweb_filter::{PiiSettings, Redactor};

const ROUNDS: usize = 20;

fn main() -> std::io::Result<()> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let texts: Vec<&str> = input.lines().collect();
    let defaults = PiiSettings::default();
    let all = PiiSettings { ipv6: true, phone: true, iban: true, card: true, ..defaults.clone() };
    let numbers = PiiSettings { email: false, ipv4: false, ..all.clone() };
    for (what, settings) in [("defaults", defaults), ("numbers", numbers), ("all", all)] {
        let pii = Pii::new(&settings);
        let mut out = String::new();
        let (mut changed, begin) = (0, cpu_ns());
        for _ in 0..ROUNDS {
            for text in &texts {
                out.clear();
                pii.redact("id", text, &mut out);
                changed += usize::from(out != *text);
            }
        }
        let seconds = (cpu_ns() - begin) as f64 / 1e9;
        let megabytes = (input.len() * ROUNDS) as f64 / 1e6;
        println!(
            "{what}: {:.0} MB/s, {} of {} texts changed",
            megabytes / seconds,
            changed / ROUNDS,
            texts.len()
        );
    }
    // FineWeb's two patterns asked everywhere, as plain code would
    const OCTET: &str = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)";
    const ATOM: &str = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    const LABEL: &str = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let ipv4 = format!(r"(?:{OCTET}\.){{3}}{OCTET}");
    let email = format!(r"(?-u:\b){ATOM}(?:\.{ATOM})*@(?:(?:{LABEL}\.)+{LABEL}|\[{ipv4}\])");
    let [email, ipv4] = [email, ipv4].map(|pattern| regex::Regex::new(&pattern).expect("it is a pattern"));
    let (mut found, begin) = (0, cpu_ns());
    for text in &texts {
        found += if text.contains('@') { email.find_iter(text).count() } else { 0 };
        found += ipv4.find_iter(text).count();
    }
    let seconds = (cpu_ns() - begin) as f64 / 1e9;
    println!(
        "patterns alone, asked everywhere: {:.0} MB/s, {found} found",
        input.len() as f64 / 1e6 / seconds
    );
    Ok(())
}
