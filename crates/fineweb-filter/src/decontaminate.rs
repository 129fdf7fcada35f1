//! Dropping documents that hold what models are tested with.
//!
//! A document goes when it shares a run of n words with a benchmark: 13 as for GPT-3 (Brown et al. 2020, appendix C,
//! <https://arxiv.org/abs/2005.14165>). Words are runs of letters and digits in lower case, so marks, spaces and line
//! breaks make no difference. A text of a benchmark that is shorter is looked for whole, down to 8 words as there;
//! still shorter ones are [counted](Benchmarks::too_short) and not looked for: they stand in innocent documents.
//!
//! Deviations from that paper: a document is dropped whole instead of being cut around the match, and runs that many
//! documents share are not excepted, as one document knows nothing of others. Runs are compared by 64-bit hashes: beside
//! ten million runs of benchmarks, a run of a document is taken for one of them with a chance of 10⁻¹².

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::xxh64;
use crate::{Document, DocumentFilter, Verdict, reasons};

/// Settings of decontamination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecontaminateSettings {
    /// Words in a row that a document and a benchmark must share.
    #[schemars(extend("unit" = "words", "source" = "GPT-3: 13; datatrove: 12"))]
    pub words: usize,
    /// Texts of benchmarks with fewer words than that are looked for whole, if they have so many.
    #[schemars(extend("unit" = "words", "source" = "GPT-3: 8"))]
    pub min_words: usize,
    /// The share of a document's words that may lie in such runs; 0 drops it at the first.
    #[schemars(extend("unit" = "share of words", "source" = "GPT-3: 0"))]
    pub max_share: f64,
}

impl Default for DecontaminateSettings {
    fn default() -> Self {
        Self { words: 13, min_words: 8, max_share: 0.0 }
    }
}

/// Texts of benchmarks, ready to be looked for; one for all threads.
#[derive(Clone, Debug)]
pub struct Benchmarks {
    settings: DecontaminateSettings,
    names: Vec<String>,
    /// Hash of each run of words, and the first benchmark that has it.
    runs: FxHashMap<u64, u32>,
    /// Hashes of the first words of runs, as many as the shortest run may have: most places of a text are passed over
    /// by one look.
    beginnings: FxHashSet<u64>,
    /// Lengths of runs, rising.
    lengths: Vec<usize>,
    too_short: u64,
}

/// What was found in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Contamination<'a> {
    /// The benchmark of the first run.
    pub benchmark: &'a str,
    /// Where the first run stands in the document.
    pub place: Range<usize>,
    /// The share of the document's words that lie in runs of any benchmark.
    pub share: f64,
}

impl Benchmarks {
    /// None yet. Lengths below 1 count as 1.
    pub fn new(settings: &DecontaminateSettings) -> Self {
        let words = settings.words.max(1);
        let min_words = settings.min_words.clamp(1, words);
        let settings = DecontaminateSettings { words, min_words, ..settings.clone() };
        let (runs, beginnings) = (FxHashMap::default(), FxHashSet::default());
        Self { settings, names: vec![], runs, beginnings, lengths: vec![], too_short: 0 }
    }

    /// Adds a text of the benchmark `name`: one question, one answer, one passage.
    pub fn add(&mut self, name: &str, text: &str) {
        let known = self.names.iter().rposition(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let words = Words::of(text);
        let length = self.settings.words.min(words.hashes.len());
        if length < self.settings.min_words {
            self.too_short += u64::from(length > 0);
            return;
        }
        if let Err(place) = self.lengths.binary_search(&length) {
            self.lengths.insert(place, length);
        }
        for (run, words) in runs(&words.hashes, length).zip(words.hashes.windows(length)) {
            self.runs.entry(run).or_insert(at as u32);
            self.beginnings.extend(runs(&words[..self.settings.min_words], self.settings.min_words));
        }
    }

    /// How many texts were too short to be looked for.
    pub fn too_short(&self) -> u64 {
        self.too_short
    }

    /// How many different runs of words are looked for.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What a text shares with benchmarks, if that is more than the settings allow.
    pub fn find(&self, text: &str) -> Option<Contamination<'_>> {
        let words = Words::of(text);
        let count = words.hashes.len();
        let mut covered: Vec<Range<usize>> = vec![];
        let mut first: Option<(Range<usize>, u32)> = None;
        for (at, beginning) in runs(&words.hashes, self.settings.min_words).enumerate() {
            if !self.beginnings.contains(&beginning) {
                continue;
            }
            for &length in &self.lengths {
                let run = words.hashes.get(at..at + length).and_then(|words| runs(words, length).next());
                let Some(&benchmark) = run.and_then(|run| self.runs.get(&run)) else { continue };
                first.get_or_insert((at..at + length, benchmark));
                covered.push(at..at + length);
            }
        }
        let (range, benchmark) = first?;
        let share = union(covered) as f64 / count as f64;
        (share > self.settings.max_share).then(|| Contamination {
            benchmark: &self.names[benchmark as usize],
            place: words.places[range.start].start..words.places[range.end - 1].end,
            share,
        })
    }
}

impl DocumentFilter for Benchmarks {
    fn judge(&self, document: &Document<'_>) -> Verdict {
        self.find(document.text).map_or(Verdict::Keep, |_| Verdict::Drop(reasons::CONTAMINATED))
    }
}

/// How many words lie in at least one range.
fn union(mut ranges: Vec<Range<usize>>) -> usize {
    ranges.sort_by_key(|range| range.start);
    let mut end = 0;
    let mut count = 0;
    for range in ranges {
        count += range.end.saturating_sub(range.start.max(end));
        end = end.max(range.end);
    }
    count
}

/// Words of a text: a hash of each, and where it stands.
struct Words {
    hashes: Vec<u64>,
    places: Vec<Range<usize>>,
}

impl Words {
    fn of(text: &str) -> Self {
        let room = text.len() / 5 + 1;
        let mut words = Self { hashes: Vec::with_capacity(room), places: Vec::with_capacity(room) };
        let mut lower = String::new();
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if word.is_empty() {
                continue;
            }
            lower.clear();
            if word.is_ascii() {
                lower.push_str(word);
                lower.make_ascii_lowercase();
            } else {
                lower.extend(word.chars().flat_map(char::to_lowercase));
            }
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            words.hashes.push(xxh64(lower.as_bytes(), 0));
            words.places.push(start..start + word.len());
        }
        words
    }
}

/// Hashes of all runs of `length` words: a polynomial in the hashes of words, from which the first falls out when the
/// next comes in.
fn runs(hashes: &[u64], length: usize) -> impl Iterator<Item = u64> + '_ {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    let leaving = (0..length).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut sum = 0u64;
    hashes.iter().enumerate().filter_map(move |(at, hash)| {
        sum = sum.wrapping_mul(BASE).wrapping_add(*hash);
        if let Some(first) = at.checked_sub(length) {
            sum = sum.wrapping_sub(hashes[first].wrapping_mul(leaving));
        }
        // runs of different lengths are different runs
        (at + 1 >= length).then(|| sum ^ (length as u64).wrapping_mul(0xd1b5_4a32_d192_ed03))
    })
}

#[cfg(test)]
mod tests {
    use super::{Benchmarks, DecontaminateSettings, runs, union};

    const QUESTION: &str = "Which of these long-forgotten kings ordered the second bridge over the river to be built \
        of stone, and in what year?";

    fn benchmarks(settings: &DecontaminateSettings) -> Benchmarks {
        let mut benchmarks = Benchmarks::new(settings);
        benchmarks.add("history", QUESTION);
        benchmarks.add("short", "The nine small words of a rather short item");
        benchmarks.add("short", "too short");
        benchmarks.add("other", "");
        benchmarks
    }

    #[test]
    fn what_is_planted_is_found_and_near_misses_are_not() {
        let benchmarks = benchmarks(&DecontaminateSettings::default());
        assert_eq!((benchmarks.too_short(), benchmarks.len()), (1, 22 - 13 + 1 + 1));
        let filler = "Some words that nobody ever tested anything with stand here. ".repeat(5);
        let find = |text: &str| {
            benchmarks.find(&format!("{filler}{text}. {filler}")).map(|found| found.benchmark.to_owned())
        };
        assert_eq!(find(QUESTION).as_deref(), Some("history"));
        let shouted = QUESTION.to_uppercase().replace(' ', "\n-- ");
        assert_eq!(find(&shouted).as_deref(), Some("history"));
        let words: Vec<&str> = QUESTION.split_whitespace().collect();
        let thirteen = "kings ordered the second bridge over the river to be built of stone";
        assert_eq!(find(thirteen).as_deref(), Some("history"));
        assert_eq!(
            find("ordered the second bridge over the river to be built of stone"),
            None,
            "twelve words"
        );
        let changed = QUESTION.replace("bridge", "tower").replace("built", "made");
        assert_eq!(find(&changed), None);
        let backwards: Vec<&str> = words.iter().rev().copied().collect();
        assert_eq!(find(&backwards.join(" ")), None);
        assert_eq!(find("the NINE small words of a rather short item").as_deref(), Some("short"));
        assert_eq!(find("the eight small words of a rather short item"), None);
        assert_eq!(find("too short"), None);
        assert_eq!(benchmarks.find(""), None);
    }

    #[test]
    fn a_share_may_be_allowed_and_the_place_is_told() {
        let settings = DecontaminateSettings { max_share: 0.5, ..DecontaminateSettings::default() };
        let benchmarks = benchmarks(&settings);
        let found = benchmarks.find(QUESTION).unwrap();
        assert_eq!(found.share, 1.0);
        let text = format!("é {QUESTION}");
        let found = benchmarks.find(&text).unwrap();
        assert!(text[found.place].starts_with("Which of these long-forgotten kings ordered"));
        assert_eq!(benchmarks.find(&format!("{QUESTION} {}", "other words ".repeat(50))), None);
    }

    #[test]
    fn settings_of_nothing_are_harmless() {
        let settings = DecontaminateSettings { words: 0, min_words: 0, max_share: 0.0 };
        let mut benchmarks = Benchmarks::new(&settings);
        benchmarks.add("a", "one two");
        assert!(benchmarks.find("three two").is_some() && benchmarks.find("three").is_none());
        assert!(Benchmarks::new(&settings).is_empty());
    }

    #[test]
    fn a_rolling_hash_is_that_of_its_run() {
        let hashes: Vec<u64> = (0..40u64).map(|at| at.wrapping_mul(0x0123_4567_89ab_cdef)).collect();
        for length in 1..8 {
            let rolled: Vec<u64> = runs(&hashes, length).collect();
            let each: Vec<u64> = hashes.windows(length).flat_map(|window| runs(window, length)).collect();
            assert_eq!(rolled, each);
        }
        assert_eq!(runs(&hashes[..3], 4).count(), 0);
        assert_eq!(union(vec![5..8, 0..3, 2..4, 6..7]), 7);
    }
}
