//! How good a language model is: benchmarks, answers in batches, figures with intervals.
//!
//! ```
//! use eval::{Benchmark, Bootstrap, Cloze, Encoding, Open, Prompting, Subject, mean};
//! use model::{Config, Decoder, Params};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bpe = bpe::train(bpe::Settings { vocab_size: 300, ..Default::default() }, &["one two three"])?.tokenizer;
//! let config = Config { vocabulary: 300, context: 32, width: 16, layers: 1, hidden: 32, ..Config::default() };
//! let decoder = Decoder::new(&config, &Params::new(1), "")?.detached();
//! let subject = Subject::new(&decoder, Encoding { tokenizer: &bpe, begin: Some(0) }, config.context);
//!
//! let questions = eval::read::open(&br#"{"context": "one two", "continuation": "three"}"#[..])?;
//! let counting = Cloze { questions, prompting: Prompting::default(), seed: 1 };
//! let items = counting.items(&subject.encoding)?;
//! let answers = subject.answer(&items)?;
//! let right: Vec<_> = answers.iter().enumerate().map(|(at, answers)| counting.grade(at, answers)[0].value).collect();
//! let figure = Bootstrap { draws: 100, seed: 1 }.mean(&right.iter().map(|&right| (right, 1.0)).collect::<Vec<_>>(), "counting");
//! assert_eq!(figure.value, 0.0, "it has learned nothing yet");
//! # Ok(())
//! # }
//! ```
//!
//! # Why it looks like this
//!
//! A benchmark and a model never meet. A [`Benchmark`] turns its questions into [`Ask`]s, which are ids, and grades
//! [`Answer`]s; a [`Subject`] answers asks of any benchmark in batches of its own making. An answer does not depend on its
//! batch, to the bit, because [`model`] promises that of rows: so batches may be of any size, items may be left out, and a
//! measurement that was killed may go on with what is missing.
//!
//! Where a context ends in ids, how a likelihood is made a choice and what counts as right follow EleutherAI's
//! lm-evaluation-harness and Databricks' llm-foundry, so that figures can be laid beside theirs.
//!
//! | module | what is in it |
//! |---|---|
//! | `benchmark` | the [`Benchmark`] seam: [`Item`], [`Ask`], [`Answer`], [`Mark`] |
//! | `encoding`, `few_shot` | text to ids; examples before the question |
//! | `benchmarks` | [`MultipleChoice`], [`Cloze`], [`ExactMatch`], [`Texts`] |
//! | [`read`] | files of questions |
//! | `subject` | a model that answers |
//! | `judge` | the [`Judge`] seam: which of two answers is better |
//! | `figures` | [`mean`], [`pass_at_k`], [`Bootstrap`], [`centred_mean`]; [`ratings`], [`Elo`], [`leaderboard`] |

#![forbid(unsafe_code)]

mod benchmark;
mod benchmarks;
mod encoding;
mod error;
mod few_shot;
mod figures;
mod judge;
pub mod read;
mod subject;

pub use benchmark::{Answer, Ask, Benchmark, Item, Mark, Writing};
pub use benchmarks::{
    Choice, Cloze, Counted, ExactMatch, Extract, Generating, MultipleChoice, Normalise, Open, Texts,
};
pub use encoding::Encoding;
pub use error::{Error, Result};
pub use few_shot::{Example, Prompting};
pub use figures::{
    Battle, Bootstrap, Elo, Interval, Standing, Task, Weighed, centred, centred_mean, leaderboard, mean,
    pass_at_k, ratings,
};
pub use judge::{Contest, Judge, Outcome};
pub use subject::Subject;
