//! The file of a model: settings, dictionary, input matrix, output matrix. Numbers are little endian.

use rustc_hash::FxHashMap;

use super::bytes::{Bytes, Parsed};
use super::matrix::{MAX_WIDTH, Matrix};
use super::output::{self, Output};
use super::rows::Rows;
use super::{END, FastText, Known, LABEL, Ngrams, Sum, marked};
use crate::language::codes::lasting;

const MAGIC: i32 = 793_712_314;
const VERSION: i32 = 12;
const HIERARCHICAL_SOFTMAX: i32 = 1;
const SOFTMAX: i32 = 3;
const SUPERVISED: i32 = 3;
/// Of the model of GlotLID there are as many; a bit for each would take 16 MB.
const MAX_BUCKETS: usize = 1 << 27;
const MAX_LABELS: usize = 1 << 16;
/// The longest label.
const MAX_LABEL: usize = 64;
/// The longest n-grams: of letters, and of words.
const MAX_NGRAM: usize = 16;

/// Reads a whole model.
pub(super) fn model(bytes: &[u8]) -> Parsed<FastText> {
    let mut bytes = Bytes(bytes);
    if bytes.i32("the magic number")? != MAGIC {
        return Err("it is no model of fastText".to_owned());
    }
    let version = bytes.i32("the version")?;
    if version != VERSION {
        return Err(format!("its version is {version}; expected {VERSION}"));
    }
    let settings = Settings::read(&mut bytes)?;
    let dictionary = Dictionary::read(&mut bytes)?;
    let quantised = bytes.flag("whether the input is quantised")?;
    let read = if quantised { Matrix::quantised } else { Matrix::plain };
    let input = read(&mut bytes, settings.width, "the input matrix")?;
    // said also where the input is plain; there it has no meaning
    let quantised_output = bytes.flag("whether the output is quantised")? && quantised;
    let read = if quantised_output { Matrix::quantised } else { Matrix::plain };
    let output = read(&mut bytes, settings.width, "the output matrix")?;
    if !bytes.0.is_empty() {
        return Err(format!("{} bytes stand behind its end", bytes.0.len()));
    }
    assemble(&settings, dictionary, input, output)
}

struct Settings {
    width: usize,
    loss: i32,
    buckets: usize,
    ngrams: Ngrams,
}

impl Settings {
    fn read(bytes: &mut Bytes<'_>) -> Parsed<Self> {
        let width = bytes.count("the width of vectors", 1, MAX_WIDTH)?;
        for what in ["the window", "the number of epochs", "the least count", "the negatives"] {
            bytes.i32(what)?;
        }
        let max_words = bytes.count("the n-grams of words", 0, MAX_NGRAM)?;
        let loss = bytes.i32("the loss")?;
        if ![HIERARCHICAL_SOFTMAX, SOFTMAX].contains(&loss) {
            return Err(format!(
                "its loss is number {loss}; expected hierarchical softmax (1) or softmax (3)"
            ));
        }
        let kind = bytes.i32("the kind of model")?;
        if kind != SUPERVISED {
            return Err(format!("its kind is number {kind}; expected a classifier (3)"));
        }
        let buckets = bytes.count("the number of buckets", 0, MAX_BUCKETS)?;
        let min_letters = bytes.count("the shortest n-gram", 0, MAX_NGRAM)?;
        let max_letters = bytes.count("the longest n-gram", 0, MAX_NGRAM)?;
        bytes.i32("the rate of updates")?;
        bytes.i64("the sampling threshold")?;
        Ok(Self { width, loss, buckets, ngrams: Ngrams { min_letters, max_letters, max_words } })
    }
}

struct Dictionary<'a> {
    words: Vec<&'a [u8]>,
    labels: Vec<&'static str>,
    counts: Vec<i64>,
    /// Bucket and row of n-grams that are kept; none where all are.
    kept: Option<Vec<(u32, u32)>>,
}

impl<'a> Dictionary<'a> {
    fn read(bytes: &mut Bytes<'a>) -> Parsed<Self> {
        // an entry takes ten bytes at least
        let size = bytes.count("the size of the dictionary", 1, bytes.0.len() / 10)?;
        let words = bytes.count("the number of words", 0, size)?;
        bytes.count("the number of labels", size - words, size - words)?;
        if !(1..=MAX_LABELS).contains(&(size - words)) {
            return Err(format!("it has {} labels; expected 1 to {MAX_LABELS}", size - words));
        }
        bytes.i64("the number of tokens")?;
        let kept = bytes.i64("the number of n-grams")?;
        let mut dictionary =
            Self { words: Vec::with_capacity(words), labels: vec![], counts: vec![], kept: None };
        for at in 0..size {
            let text = bytes.text("an entry of the dictionary")?;
            let count = bytes.i64("the count of an entry")?;
            let kind = bytes.u8("the kind of an entry")?;
            if kind != u8::from(at >= words) {
                return Err("words and labels of its dictionary are not in order".to_owned());
            }
            if at < words {
                dictionary.words.push(text);
            } else {
                dictionary.labels.push(label(text)?);
                dictionary.counts.push(count.max(0));
            }
        }
        if kept >= 0 {
            let pair = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("chunks of four"));
            let length = usize::try_from(kept).ok().and_then(|kept| kept.checked_mul(8));
            let pairs = bytes.take(length.ok_or("it has too many n-grams")?, "the n-grams")?;
            dictionary.kept =
                Some(pairs.chunks_exact(8).map(|eight| (pair(&eight[..4]), pair(&eight[4..]))).collect());
        }
        Ok(dictionary)
    }
}

fn label(text: &[u8]) -> Parsed<&'static str> {
    let text = std::str::from_utf8(text).ok().and_then(|text| text.strip_prefix(LABEL));
    let text = text.filter(|text| (1..=MAX_LABEL).contains(&text.len()));
    text.map(lasting).ok_or_else(|| format!("a label is not {LABEL} and the name of a language"))
}

fn assemble(
    settings: &Settings,
    dictionary: Dictionary<'_>,
    input: Matrix,
    output: Matrix,
) -> Parsed<FastText> {
    let words = dictionary.words.len();
    let free = input.rows().checked_sub(words).ok_or("its input matrix has fewer rows than words")?;
    let buckets = settings.buckets as u64;
    let rows = match dictionary.kept {
        None if settings.buckets > free => {
            return Err("its input matrix has fewer rows than n-grams".to_owned());
        }
        None => Rows::all(buckets, words),
        Some(pairs) => {
            if pairs.iter().any(|&(bucket, row)| u64::from(bucket) >= buckets || row as usize >= free) {
                return Err("an n-gram of its dictionary has no row or no bucket".to_owned());
            }
            Rows::some(buckets, words, pairs)
        }
    };
    let labels = dictionary.labels;
    let expected = if settings.loss == SOFTMAX { labels.len() } else { labels.len() - 1 };
    if output.rows() < expected {
        return Err(format!("its output matrix has {} rows; expected {expected}", output.rows()));
    }
    let output = if settings.loss == SOFTMAX {
        if output.rows() != labels.len() {
            return Err("its output matrix has more rows than labels".to_owned());
        }
        Output::Softmax(output)
    } else {
        Output::Tree(output, output::tree(&dictionary.counts))
    };
    let mut model = FastText {
        words: FxHashMap::default(),
        sums: Matrix::zero(words, settings.width),
        input,
        rows,
        ngrams: settings.ngrams,
        output,
        labels,
    };
    model.sum_words(&dictionary.words);
    Ok(model)
}

impl FastText {
    /// What each known word adds to a text.
    fn sum_words(&mut self, words: &[&[u8]]) {
        let mut buffer = vec![];
        for (at, word) in words.iter().enumerate() {
            let mut sum = Sum { vector: vec![0.0; self.input.width()], vectors: 0 };
            sum.add(self.input.row(at), 1);
            if *word != END && self.ngrams.max_letters > 0 {
                marked(word, &mut buffer);
                self.ngrams.for_each(&buffer, |hash| self.add_bucket(u64::from(hash), &mut sum));
            }
            self.sums.row_mut(at).copy_from_slice(&sum.vector);
            // of equal words the library finds the first
            self.words.entry((*word).into()).or_insert(Known { row: at as u32, vectors: sum.vectors });
        }
    }
}
