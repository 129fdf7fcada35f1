//! API and playground over HTTP.
//!
//! One process serves the models of one run: to programs as OpenAI's API does (`/v1`), and to people with pages that
//! show what a model reads, thinks of next and was taught (`/playground` is what those pages ask).
//!
//! ```text
//! request ── guard ── v1, playground ── engine (a thread a model) ── Decoding: all answers, a token each a step
//!                                            │                            shared prefixes, long prompts in pieces
//!            SSE, JSON ◀── steps ◀───────────┘
//! ```
//!
//! | module | idea |
//! |---|---|
//! | `run` | what is served: [`Run`], [`Card`] |
//! | `models` | models, each loaded when somebody first asks for it |
//! | `engine` | a thread that continues all texts of a model together |
//! | `v1` | OpenAI's API |
//! | `playground` | what the pages ask; [`Archive`] and [`Ballots`], by which it sees a run |
//! | `pages` | the pages themselves |
//! | `refusal` | errors, in OpenAI's shape: [`Refusal`] |
//! | `guard`, `listen`, `metrics` | who may ask, for how long, and how much was asked |

mod engine;
mod models;
mod playground;
mod refusal;
mod run;

pub use playground::{
    Archive, Ballots, Document, Documents, Found, Outcome, Place, Reason, Standing, Standings, Step, Vote,
    Wanted,
};
pub use refusal::{Answer, Refusal};
pub use run::{Card, Run};

use models::Models;

/// What a server may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Answers that are written at once, per model.
    pub answers: usize,
    /// Requests that may wait for that; more are refused.
    pub waiting: usize,
    /// Tokens of an answer where a request does not say.
    pub tokens: usize,
    /// Bytes of a request.
    pub body: usize,
    /// Seconds that an answer may take.
    pub seconds: u64,
    /// Connections at once.
    pub connections: usize,
    /// Bytes of keys and values that a model remembers, about.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answers: 64,
            waiting: 256,
            tokens: 512,
            body: 1 << 20,
            seconds: 600,
            connections: 1024,
            memory: 2 << 30,
        }
    }
}

/// What all requests share.
pub(crate) struct Served {
    pub(crate) run: Run,
    pub(crate) models: Models,
    pub(crate) limits: Limits,
}
