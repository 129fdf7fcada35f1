//! `fixtures`: does the generated web still come out as it was checked in, whatever the number of threads?

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use pipeline::{Error, Fault, write_atomically};

use crate::cli::Fixtures;

const HASHES: &str = "fixtures/hashes.txt";
const SEED: u64 = 1337;

/// Runs `fixtures`.
pub(crate) fn run(arguments: &Fixtures, out: &mut dyn Write) -> anyhow::Result<()> {
    let (text, other) = (on(1)?, on(2)?);
    write!(out, "{text}")?;
    if text != other {
        let fault =
            Fault::new("the generated web depends on the number of threads").got(other.trim().to_owned());
        let fault = fault.expected(text.trim().to_owned());
        return Err(
            Error::Moved(fault.cure("this is a fault of the crate `fixtures`: please report it")).into()
        );
    }
    writeln!(out, "the same on 1 and 2 threads")?;
    let path = Path::new(HASHES);
    if arguments.bless {
        write_atomically(path, text.as_bytes())?;
        writeln!(out, "wrote {HASHES}")?;
        return Ok(());
    }
    let expected =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {HASHES}: run in a checkout"))?;
    if expected != text {
        let fault = Fault::new("the generated web is not the one that was checked in").at(path, None);
        let fault = fault.got(text.trim().replace('\n', "; ")).expected(expected.trim().replace('\n', "; "));
        return Err(Error::Moved(fault.cure("if the change is meant: `fixtures --bless`")).into());
    }
    writeln!(out, "as checked in")?;
    Ok(())
}

/// [`hashes`], found by so many threads.
fn on(threads: usize) -> anyhow::Result<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    Ok(pool.context("cannot start threads")?.install(hashes))
}

/// A line a size: name, seed, pages, blake3 over every page as it travels.
pub(crate) fn hashes() -> String {
    use fixtures::Size;
    use rayon::prelude::*;
    let line = |size: Size| {
        let web = fixtures::web(size, SEED);
        let page = |index| {
            let capture = web.capture(index);
            let mut hasher = blake3::Hasher::new();
            hasher.update(format!("{} {} {}\n", capture.id, capture.date, capture.url).as_bytes());
            *hasher.update(&capture.http_message()).finalize().as_bytes()
        };
        let pages: Vec<[u8; 32]> = (0..size.pages()).into_par_iter().map(page).collect();
        format!("{size} {SEED} {} {}\n", size.pages(), blake3::hash(pages.as_flattened()).to_hex())
    };
    [Size::Tiny, Size::Demo].map(line).concat()
}
