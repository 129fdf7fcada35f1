//! Sentences of texts, found by their words.

use std::collections::BTreeMap;

use super::Tool;

/// An index of sentences: the one that fits a request best is its answer, by BM25 (Robertson and Zaragoza 2009, "The
/// Probabilistic Relevance Framework", equation 3.15).
///
/// ```
/// use chat::{Lookup, Tool};
///
/// let lookup = Lookup::new(["Vera Bryery is a baker. She lives in Netherby.", "The mill is old."]);
/// assert_eq!(lookup.call("trade of Vera Bryery").as_deref(), Ok("Vera Bryery is a baker."));
/// assert_eq!(lookup.call("Orson Kovats").unwrap_err(), "nothing is known of that");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    sentences: Vec<String>,
    /// Words of each sentence.
    lengths: Vec<u32>,
    /// Word to (sentence, how often).
    places: BTreeMap<String, Vec<(u32, u32)>>,
}

/// How soon a word that comes again counts no more, and how much long sentences are held back: the usual values.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Bytes of an answer, at most.
const LONGEST: usize = 240;

impl Lookup {
    /// What a call of it begins with.
    pub const NAME: &str = "look-up";
    /// What it does.
    pub const DESCRIPTION: &str = "Finds the one sentence of the documents that fits the words best.";
    /// What its request is called.
    pub const ARGUMENT: &str = "words";

    /// An index of all sentences of `texts`; one that comes twice is kept once.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut index = Self::default();
        let mut known = std::collections::BTreeSet::new();
        for text in texts {
            for sentence in sentences(text) {
                if known.insert(sentence.to_owned()) {
                    index.add(sentence);
                }
            }
        }
        index
    }

    fn add(&mut self, sentence: &str) {
        let number = self.sentences.len() as u32;
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        words(sentence).for_each(|word| *counts.entry(word).or_default() += 1);
        self.lengths.push(counts.values().sum());
        for (word, count) in counts {
            self.places.entry(word).or_default().push((number, count));
        }
        self.sentences.push(sentence.to_owned());
    }

    /// How many sentences there are.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The best sentence, of equals the first; nothing where no sentence has any of the words.
    fn best(&self, request: &str) -> Option<&str> {
        let n = self.sentences.len() as f64;
        let mean = self.lengths.iter().map(|length| f64::from(*length)).sum::<f64>() / n.max(1.0);
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        for word in words(request) {
            let Some(places) = self.places.get(&word) else { continue };
            let found = places.len() as f64;
            let weight = (1.0 + (n - found + 0.5) / (found + 0.5)).ln();
            for &(sentence, count) in places {
                let length = f64::from(self.lengths[sentence as usize]) / mean;
                let count = f64::from(count);
                let share = count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
                *scores.entry(sentence).or_default() += weight * share;
            }
        }
        let better = |a: (u32, f64), b: (u32, f64)| if b.1 > a.1 { b } else { a };
        let (best, _) = scores.into_iter().reduce(better)?;
        Some(&self.sentences[best as usize])
    }
}

impl Tool for Lookup {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn call(&self, request: &str) -> Result<String, String> {
        let best = self.best(request).ok_or("nothing is known of that")?;
        Ok(best[..best.floor_char_boundary(LONGEST)].to_owned())
    }

    fn description(&self) -> &'static str {
        Self::DESCRIPTION
    }

    fn argument(&self) -> &'static str {
        Self::ARGUMENT
    }
}

/// Pieces that end with a full stop, an exclamation or question mark, or a line.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines();
    lines.flat_map(|line| {
        line.split_inclusive(['.', '!', '?'])
            .map(str::trim)
            .filter(|piece| piece.chars().any(char::is_alphanumeric))
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let pieces = text.split(|letter: char| !letter.is_alphanumeric());
    pieces.filter(|piece| !piece.is_empty()).map(str::to_lowercase)
}
