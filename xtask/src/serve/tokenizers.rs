//! Tokenizers to compare, in the layouts in which they are published: OpenAI's, GPT-2's and Hugging Face's.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use bpe::{Bpe, Pattern};
use pipeline::{Error, Fault};

use crate::stages::unpacked;

/// What a name tells of files that say neither pattern nor special tokens.
struct Published {
    /// A part of the name.
    name: &'static str,
    pattern: Pattern,
    specials: &'static [(&'static str, u32)],
}

const GPT2: &[(&str, u32)] = &[("<|endoftext|>", 50256)];

/// OpenAI's, as tiktoken tells them.
const PUBLISHED: [Published; 5] = [
    Published {
        name: "o200k",
        pattern: Pattern::O200k,
        specials: &[("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)],
    },
    Published {
        name: "cl100k",
        pattern: Pattern::Cl100k,
        specials: &[
            ("<|endoftext|>", 100257),
            ("<|fim_prefix|>", 100258),
            ("<|fim_middle|>", 100259),
            ("<|fim_suffix|>", 100260),
            ("<|endofprompt|>", 100276),
        ],
    },
    Published { name: "p50k", pattern: Pattern::Gpt2, specials: GPT2 },
    Published { name: "r50k", pattern: Pattern::Gpt2, specials: GPT2 },
    Published { name: "gpt2", pattern: Pattern::Gpt2, specials: GPT2 },
];

/// Reads the tokenizer `name` from a file, which may be packed, or from a folder.
///
/// Of GPT-2's two files either one is named; the other lies beside it.
pub(super) fn read(name: &str, path: &Path) -> anyhow::Result<Bpe> {
    let file = if path.is_dir() { in_folder(path)? } else { path.to_owned() };
    let told = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let plain = told.strip_suffix(".zst").or_else(|| told.strip_suffix(".gz")).unwrap_or(&told);
    let beside = |own: &str, other: &str| file.with_file_name(told.replace(own, other));
    let gpt2 = |vocabulary: &Path, merges: &Path| -> anyhow::Result<Bpe> {
        let [vocabulary, merges] = [text(vocabulary)?, text(merges)?];
        let known: &[&str] = if vocabulary.contains("\"<|endoftext|>\"") { &["<|endoftext|>"] } else { &[] };
        let read = Bpe::from_vocab_and_merges(&vocabulary, &merges, Pattern::Gpt2, known);
        read.map_err(|problem| refused(&file, problem.to_string()))
    };
    if plain.ends_with("encoder.json") {
        gpt2(&file, &beside("encoder.json", "vocab.bpe"))
    } else if plain.ends_with("vocab.bpe") {
        gpt2(&beside("vocab.bpe", "encoder.json"), &file)
    } else if plain.ends_with("vocab.json") {
        gpt2(&file, &beside("vocab.json", "merges.txt"))
    } else if plain.ends_with("merges.txt") {
        gpt2(&beside("merges.txt", "vocab.json"), &file)
    } else if Path::new(plain).extension().is_some_and(|end| end == "json") {
        Bpe::from_json(&text(&file)?).map_err(|problem| refused(&file, problem.to_string()))
    } else {
        tiktoken(name, &told, &file)
    }
}

/// The file of a folder that says most.
fn in_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let names = ["tokenizer.json", "encoder.json", "vocab.json"];
    let names = names.iter().flat_map(|name| [name.to_string(), format!("{name}.zst")]);
    let found = names.map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| refused(folder, "none of its files".to_owned()))
}

/// Lines of tokens, whose pattern one has to know.
fn tiktoken(name: &str, told: &str, file: &Path) -> anyhow::Result<Bpe> {
    let known = |word: &str| PUBLISHED.iter().find(|published| word.contains(published.name));
    let Some(published) = known(told).or_else(|| known(name)) else {
        let names: Vec<&str> = PUBLISHED.iter().map(|published| published.name).collect();
        let fault = Fault::new("nothing says by which pattern this tokenizer cuts text").at(file, None);
        let fault = fault.got(format!("the name {name}")).expected(format!("one of {}", names.join(", ")));
        return Err(Error::Wiring(fault.cure("name it so, or take its tokenizer.json")).into());
    };
    let lines = bytes(file)?;
    let read = Bpe::from_tiktoken(&lines, published.pattern.clone(), published.specials);
    read.map_err(|problem| refused(file, problem.to_string()))
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![];
    let read = unpacked::open(path).and_then(|mut reader| Ok(reader.read_to_end(&mut bytes)?));
    read.map_err(|problem| refused(path, format!("{problem:#}")))?;
    Ok(bytes)
}

fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|problem| refused(path, problem.to_string()))
}

fn refused(path: &Path, got: String) -> anyhow::Error {
    let fault = Fault::new("a tokenizer cannot be read").at(path, None).got(got);
    let fault =
        fault.expected("x.tiktoken, encoder.json beside vocab.bpe, or tokenizer.json; .zst and .gz too");
    Error::Input(fault.cure("correct `--tokenizer NAME=PATH`")).into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bpe::Tokenizer;

    use super::read;

    const SHARED: &str = "../../shared/data/tokenizer";

    #[test]
    fn what_is_published_is_read_in_all_its_layouts() {
        if !Path::new(SHARED).is_dir() {
            println!("skipped: shared data is absent");
            return;
        }
        let ids = |name: &str, file: &str| {
            let bpe = read(name, &Path::new(SHARED).join(file)).unwrap();
            let mut ids = vec![];
            bpe.encode("Hello, world!", &mut ids);
            (ids, bpe.vocabulary().size())
        };
        for file in ["gpt2-encoder.json.zst", "gpt2-vocab.bpe.zst", "r50k_base.tiktoken.zst"] {
            assert_eq!(ids("gpt2", file), (vec![15496, 11, 995, 0], 50257), "{file}");
        }
        assert_eq!(ids("x", "cl100k_base.tiktoken.zst"), (vec![9906, 11, 1917, 0], 100277));
        assert_eq!(ids("x", "o200k_base.tiktoken.zst"), (vec![13225, 11, 2375, 0], 200019));
    }

    #[test]
    fn what_is_none_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        for (name, path) in [
            ("mine", file("mine.tiktoken", "IQ== 0\n")),
            ("cl100k", file("broken.tiktoken", "no line\n")),
            ("json", file("tokenizer.json", "{}")),
            ("alone", file("encoder.json", "{}")),
            ("absent", directory.path().join("nothing.tiktoken")),
        ] {
            let problem = read(name, &path).unwrap_err();
            let told = crate::fault::report(&problem);
            assert!(told.contains("tokenizer"), "{name}: {told}");
        }
        assert!(read("empty", tempfile::tempdir().unwrap().path()).is_err());
    }
}
