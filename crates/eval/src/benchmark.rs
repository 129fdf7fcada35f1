//! The seam between questions and whoever answers them.

use crate::{Encoding, Result};

/// Questions, and what answers to them are worth.
///
/// A benchmark meets no model: it says what is to be asked, in ids, and is shown the answers. So one may be written for
/// base models or for conversations, and the same [`Subject`](crate::Subject) answers both.
///
/// # Someone else's benchmark
///
/// Does a model rather say that grass is green?
///
/// ```
/// use eval::{Answer, Ask, Benchmark, Encoding, Item, Mark, Result};
///
/// struct Grass;
///
/// impl Benchmark for Grass {
///     fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>> {
///         let asks = [" green", " loud"].map(|colour| {
///             let (context, continuation) = encoding.pair("Grass is", colour);
///             Ask::Score { context, continuation }
///         });
///         Ok(vec![Item { name: "grass".to_owned(), chance: Some(0.5), asks: asks.into() }])
///     }
///
///     fn grade(&self, _: usize, answers: &[Answer]) -> Vec<Mark> {
///         let [green, loud] = [0, 1].map(|at| answers[at].log_prob());
///         vec![Mark::right("right", green > loud)]
///     }
/// }
/// let grass: Box<dyn Benchmark> = Box::new(Grass);
/// # let _ = grass;
/// ```
pub trait Benchmark {
    /// The items, always the same in the same order.
    fn items(&self, encoding: &Encoding<'_>) -> Result<Vec<Item>>;

    /// What the answers to item `at` are worth, one answer an ask, in their order. The mark that the benchmark is known
    /// for comes first; every item has the same metrics in the same order.
    fn grade(&self, at: usize, answers: &[Answer]) -> Vec<Mark>;
}

/// One question, which may need several answers: a choice asks for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is called among the items of its benchmark.
    pub name: String,
    /// What guessing would get of the first mark; nothing where there is no guessing, as of a loss.
    pub chance: Option<f64>,
    /// What is asked.
    pub asks: Vec<Ask>,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// How likely one text is after another.
    Score {
        /// What stands before, at least one id.
        context: Vec<u32>,
        /// What is scored.
        continuation: Vec<u32>,
    },
    /// To go on from a text.
    Write {
        /// The text, at least one id.
        prompt: Vec<u32>,
        /// How.
        writing: Writing,
    },
}

/// How a model goes on from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// Most tokens of one text.
    pub tokens: usize,
    /// How many texts.
    pub samples: usize,
    /// How a token is drawn.
    pub draw: model::Draw,
    /// Each of these ends a text, and is no part of it.
    pub until: Vec<String>,
    /// Ids that end one too.
    pub stop: Vec<u32>,
}

/// What a model answered to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Ask::Score`].
    Scored {
        /// Log-probability of the continuation, natural.
        log_prob: f64,
        /// Its tokens.
        tokens: usize,
        /// Whether each of its tokens was the likeliest.
        greedy: bool,
    },
    /// To [`Ask::Write`]: the texts.
    Written(Vec<String>),
}

impl Answer {
    /// The log-probability; minus infinity where something was written.
    pub fn log_prob(&self) -> f64 {
        match self {
            Self::Scored { log_prob, .. } => *log_prob,
            Self::Written(_) => f64::NEG_INFINITY,
        }
    }

    /// The texts; none where something was scored.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Scored { .. } => &[],
            Self::Written(texts) => texts,
        }
    }
}

/// What an answer is worth by one metric. A benchmark's figure is the mean of its items' values by their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The metric's name.
    pub metric: String,
    /// Its value for the item.
    pub value: f64,
    /// How much the item counts, 1 for the most part; the length of a text where the value is per byte.
    pub weight: f64,
}

impl Mark {
    /// 1 or 0.
    pub fn right(metric: &str, right: bool) -> Self {
        Self::of(metric, f64::from(u8::from(right)))
    }

    /// A value of an item that counts as much as any other.
    pub fn of(metric: &str, value: f64) -> Self {
        Self { metric: metric.to_owned(), value, weight: 1.0 }
    }
}
