//! What a block list of millions of domains costs: CPU time and peak memory of a process that does one thing.
//!
//!     cargo run --release -p fineweb-filter --example block_list -- generate DIR 4600000
//!     cargo run --release -p fineweb-filter --example block_list -- cold DIR compiled.lists
//!     cargo run --release -p fineweb-filter --example block_list -- cached compiled.lists
//!     cargo run --release -p fineweb-filter --example block_list -- ask compiled.lists
//!     cargo run --release -p fineweb-filter --example block_list -- urls DIR < addresses
//!
//! `urls` prints the reason of each address, for comparison with other filters.
#![allow(clippy::print_stdout, reason = "an example shows")]

mod cpu;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use cpu::cpu_ns;
use fineweb_filter::{CompiledLists, Lists, UrlFilter, UrlSettings, xxh64};

const KEY: [u8; 32] = [7; 32];
const ASKED: u64 = 2_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    report("start");
    match words[..] {
        ["generate", directory, count] => generate(Path::new(directory), count.parse()?)?,
        ["cold", directory, to] => {
            let lists = Lists::load(Path::new(directory))?;
            report("read");
            let ignored = lists.ignored();
            let compiled = lists.compile();
            report("sorted");
            compiled.write(Path::new(to), &KEY)?;
            println!("{ignored} lines without an entry");
        }
        ["cached", from] => drop(CompiledLists::read(Path::new(from), &KEY)?),
        ["ask", from] => {
            let full = UrlFilter::new(&UrlSettings::default(), CompiledLists::read(Path::new(from), &KEY)?);
            let mut one = Lists::default();
            one.add_domains("listed.example");
            let small = UrlFilter::new(&UrlSettings::default(), one);
            // a binary search over as many keys, for comparison
            let mut keys: Vec<u64> = (0..4_600_000u64).map(|at| xxh64(&at.to_le_bytes(), 3)).collect();
            keys.sort_unstable();
            let ask = |filter: &UrlFilter| {
                (0..ASKED).filter(|&at| filter.reason(black_box(&address(at))).is_some()).count()
            };
            time("one domain listed", || ask(&small));
            time("all of them listed", || ask(&full));
            time("binary search of 4.6 M keys, twice", || {
                let found = |at: u64| keys.binary_search(&xxh64(address(at).as_bytes(), 9)).is_ok();
                (0..ASKED).filter(|&at| found(at) | found(at + ASKED)).count()
            });
        }
        ["urls", directory] => {
            let lists: Arc<CompiledLists> = Lists::load(Path::new(directory))?.into();
            let filter = UrlFilter::new(&UrlSettings::default(), lists);
            for url in std::io::stdin().lock().lines() {
                println!("{}", filter.reason(&url?).map_or("", |reason| reason.0));
            }
        }
        _ => println!("see the top of the file"),
    }
    report("end");
    Ok(())
}

/// Domains of the lengths that real lists have, 27 bytes a line on average.
fn generate(directory: &Path, count: u64) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut out = BufWriter::new(File::create(directory.join("domains"))?);
    for at in 0..count {
        let hash = xxh64(&at.to_le_bytes(), 0);
        let length = 10 + (hash % 23) as usize;
        let name: String = (0..length)
            .map(|i| letter(xxh64(&at.to_le_bytes(), 1 + i as u64 / 8) >> (8 * (i % 8))))
            .collect();
        writeln!(
            out,
            "{name}.{}",
            ["com", "net", "co.uk", "de", "xyz", "github.io"][(hash >> 40) as usize % 6]
        )?;
    }
    out.flush()
}

fn letter(random: u64) -> char {
    char::from(b'a' + (random % 256 % 26) as u8)
}

fn address(at: u64) -> String {
    format!("https://www.site{:x}.com/path/{at}/page.html", xxh64(&at.to_le_bytes(), 5) >> 20)
}

fn time(what: &str, work: impl FnOnce() -> usize) {
    let before = cpu_ns();
    let found = work();
    println!("{what}: {:.0} ns an address, {found} found", (cpu_ns() - before) as f64 / ASKED as f64);
}

fn report(when: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!(
        "{when}: {:.3} s of CPU, {}",
        cpu_ns() as f64 / 1e9,
        peak.split_whitespace().collect::<Vec<_>>().join(" ")
    );
}
