//! The block lists that the web's blocked pages are on, under the names that datatrove gives such files.

use std::fs;

use anyhow::Context;
use pipeline::Io;

/// Writes all lists.
pub(super) fn write(io: &Io) -> anyhow::Result<()> {
    let fixtures::Lists { domains, urls, hard_words, soft_words, subwords } = fixtures::lists();
    let files = [
        ("domains", domains),
        ("urls", urls),
        ("banned_words.txt", hard_words),
        ("soft_banned_words.txt", soft_words),
        ("banned_subwords.txt", subwords),
    ];
    let directory = io.output("lists")?;
    for (name, list) in files {
        let path = directory.join(name);
        fs::write(&path, list).with_context(|| format!("cannot write {}", path.display()))?;
        io.add_file("lists", name)?;
    }
    Ok(())
}
