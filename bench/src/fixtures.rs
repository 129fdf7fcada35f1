//! Generating the miniature web, beside packing what it wrote with gzip.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use anyhow::Context;
use fixtures::{Size, web};

use crate::peers::{Scratch, children_seconds};
use crate::row::{Row, median};

/// Rounds of each side; the median counts.
const ROUNDS: usize = 5;
const SEED: u64 = 1337;

/// Generation of the demo web against `gzip -6` of all its messages, a child process each round.
pub fn rows() -> anyhow::Result<Vec<Row>> {
    let scratch = Scratch::new("fixtures")?;
    let path = scratch.join("messages");
    let mut file = BufWriter::new(File::create(&path).context("no room for a temporary file")?);
    let mut bytes = 0;
    for page in web(Size::Demo, SEED) {
        let message = page.http_message();
        bytes += message.len();
        file.write_all(&message)?;
    }
    file.flush()?;
    let (mut ours, mut peers) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let start = cpu_time::ProcessTime::now();
        web(Size::Demo, SEED).for_each(|page| drop(black_box(page.http_message())));
        ours.push(start.elapsed().as_secs_f64());
        let before = children_seconds()?;
        let packed =
            Command::new("gzip").args(["-6", "-c"]).stdin(File::open(&path)?).stdout(Stdio::null()).status();
        if packed.is_ok_and(|status| status.success()) {
            peers.push(children_seconds()? - before);
        }
    }
    let megabytes = bytes as f64 / 1e6;
    eprintln!("{megabytes:.1} MB of messages");
    let peer = (!peers.is_empty()).then(|| (median(&mut peers), "gzip -6".to_owned()));
    Ok(vec![Row::speed("fixtures/web", "MB/s", megabytes, median(&mut ours), peer)])
}
