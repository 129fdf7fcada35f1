//! A tokenizer for people: the ladder from bits to tokens, what languages cost, and a text cut into coloured tokens.

use std::io::{IsTerminal, Write};

use bpe::{Bpe, Tokenizer};

use crate::lines::{thousands, visible};

/// One sentence in several languages: most vocabularies spend more tokens on some than on others.
const SENTENCES: [(&str, &str); 11] = [
    ("English", "A model reads numbers, not letters: a tokenizer turns text into numbers and back."),
    (
        "German",
        "Ein Modell liest Zahlen, keine Buchstaben: Ein Tokenizer macht aus Text Zahlen und wieder Text.",
    ),
    (
        "French",
        "Un modèle lit des nombres, pas des lettres : un tokenizer change le texte en nombres et inversement.",
    ),
    (
        "Spanish",
        "Un modelo lee números, no letras: un tokenizador convierte el texto en números y de vuelta.",
    ),
    ("Russian", "Модель читает числа, а не буквы: токенизатор превращает текст в числа и обратно."),
    ("Arabic", "النموذج يقرأ الأعداد لا الحروف: المقطّع يحوّل النص إلى أعداد ثم يعيدها نصًا."),
    ("Hindi", "मॉडल अक्षर नहीं, संख्याएँ पढ़ता है: टोकनाइज़र पाठ को संख्याओं में और वापस बदलता है।"),
    ("Chinese", "模型读的是数字，不是文字：分词器把文本变成数字，再变回来。"),
    ("Japanese", "モデルが読むのは文字ではなく数です。トークナイザーは文章を数に変え、また文章に戻します。"),
    ("Korean", "모델은 글자가 아니라 숫자를 읽습니다. 토크나이저는 글을 숫자로 바꾸고 다시 글로 되돌립니다."),
    ("Rust", "fn main() {\n    println!(\"a model reads {} numbers\", 1_000);\n}\n"),
];
/// Longest word whose merges are printed.
const WORD: usize = 16;
/// Backgrounds that take turns, of the 256 colours of terminals: pale, so that black letters can be read.
const BACKGROUNDS: [u8; 5] = [153, 157, 229, 217, 189];

/// Prints all about `bpe`, with `text` as the example.
pub(super) fn print(bpe: &Bpe, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let vocabulary = bpe.vocabulary();
    let specials = vocabulary.specials().count();
    writeln!(
        out,
        "  {} tokens: 256 bytes, {} merges, {specials} special",
        thousands(vocabulary.size() as u64),
        thousands(bpe.merges().len() as u64),
    )?;
    if let Some(word) = word(bpe, text) {
        writeln!(out, "\nFrom bits to tokens")?;
        ladder(bpe, word, out)?;
    }
    writeln!(out, "\nWhat languages cost")?;
    writeln!(
        out,
        "  {:10} {:>7} {:>7} {:>13} {:>12}",
        "", "bytes", "tokens", "tokens a byte", "bytes a token"
    )?;
    for (language, sentence) in SENTENCES.into_iter().chain([("this text", text)]) {
        let (bytes, tokens) = (sentence.len(), bpe.count(sentence));
        let (a, b) = (tokens as f64 / bytes.max(1) as f64, bytes as f64 / tokens.max(1) as f64);
        writeln!(out, "  {language:10} {bytes:7} {tokens:7} {a:13.3} {b:12.2}")?;
    }
    writeln!(out, "\nThis text, token by token")?;
    coloured(bpe, text, out)
}

/// The word of the text that most merges make, of those that are short enough to print.
fn word<'t>(bpe: &Bpe, text: &'t str) -> Option<&'t str> {
    let words = text.split_inclusive(char::is_whitespace).map(str::trim_end);
    let short = words.filter(|word| (2..=WORD).contains(&word.len()));
    short.rev().max_by_key(|word| bpe.steps(word).len())
}

/// One word as bits, as bytes, and as tokens after each merge.
fn ladder(bpe: &Bpe, word: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let bits: Vec<String> = word.bytes().map(|byte| format!("{byte:08b}")).collect();
    let bytes: Vec<String> = word.bytes().map(|byte| format!("{byte:02x}")).collect();
    writeln!(out, "  {:>6}  {}", "bits", bits.join(" "))?;
    writeln!(out, "  {:>6}  {}", "bytes", bytes.join(" "))?;
    for (merge, row) in bpe.steps(word).iter().enumerate() {
        let tokens: Vec<String> = row.iter().map(|&id| token(bpe, id)).collect();
        let name = if merge == 0 { "merges".to_owned() } else { merge.to_string() };
        writeln!(out, "  {name:>6}  {}", tokens.join("│"))?;
    }
    let ids: Vec<String> = ids(bpe, word).iter().map(u32::to_string).collect();
    writeln!(out, "  {:>6}  {}", "ids", ids.join(" "))?;
    Ok(())
}

/// The text with a background for each token, or with strokes between them where there are no colours.
fn coloured(bpe: &Bpe, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let colours = std::io::stdout().is_terminal();
    write!(out, "  ")?;
    for (at, &id) in ids(bpe, text).iter().enumerate() {
        let token = token(bpe, id);
        // an end of line is seen, and then goes to the next one
        let (shown, rest) = token.split_at(token.rfind('↵').map_or(token.len(), |at| at + '↵'.len_utf8()));
        let line = if rest.is_empty() && !shown.ends_with('↵') { "" } else { "\n  " };
        if colours {
            let background = BACKGROUNDS[at % BACKGROUNDS.len()];
            write!(
                out,
                "\x1b[30;48;5;{background}m{shown}\x1b[0m{line}\x1b[30;48;5;{background}m{rest}\x1b[0m"
            )?;
        } else {
            let stroke = if at == 0 { "" } else { "│" };
            write!(out, "{stroke}{shown}{line}{rest}")?;
        }
    }
    writeln!(out)?;
    Ok(())
}

fn ids(bpe: &Bpe, text: &str) -> Vec<u32> {
    let mut ids = Vec::new();
    bpe.encode(text, &mut ids);
    ids
}

/// A token as people can read it: a part of a character is its bytes.
pub(super) fn token(bpe: &Bpe, id: u32) -> String {
    let bytes = bpe.vocabulary().token(id).unwrap_or_default();
    match str::from_utf8(bytes) {
        Ok(text) => visible(text),
        Err(_) => bytes.iter().map(|byte| format!("‹{byte:02x}›")).collect::<Vec<_>>().concat(),
    }
}
