//! Measures our hot paths beside the crates of our peers: `bench warc [FILE]`,
//! `bench extract [FILE]` and `bench fixtures` print one JSON row a line.
//!
//! Both sides run in this process, one after the other, round for round, and are charged CPU time (user and
//! system), so that a busy machine slows both alike. A row without a peer has no ratio.

use std::path::PathBuf;

use anyhow::bail;

mod extract;
mod fixtures;
mod row;
mod warc;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let subject = arguments.next();
    let file = arguments.next().map(PathBuf::from);
    let rows = match subject.as_deref() {
        Some("extract") => extract::rows(file.as_deref())?,
        Some("fixtures") => fixtures::rows()?,
        Some("warc") => warc::rows(file.as_deref())?,
        Some(other) => bail!("no benchmark \"{other}\"; there are extract, fixtures and warc"),
        None => bail!("say what to measure; there are extract, fixtures and warc"),
    };
    for row in rows {
        println!("{}", serde_json::to_string(&row)?);
    }
    Ok(())
}
