//! `serve`: a run's models, documents and votes over HTTP.

mod cards;
mod questions;
mod run;
mod tokenizers;
