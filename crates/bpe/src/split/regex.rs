use fancy_regex::Regex;

use super::PreTokenizer;
use crate::{Error, Result};

/// Any other pattern, by a regex engine with look-ahead: right, but without a bound on its time.
#[derive(Debug)]
pub(super) struct Pieces(Regex);

impl Pieces {
    pub(super) fn new(pattern: &str) -> Result<Self> {
        let compiled = Regex::new(pattern);
        Ok(Self(
            compiled
                .map_err(|error| Error::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })?,
        ))
    }
}

impl PreTokenizer for Pieces {
    /// Text between matches is a chunk of its own; so is the rest where the engine gives up.
    fn split<'t>(&self, text: &'t str, chunk: &mut dyn FnMut(&'t str)) {
        let mut at = 0;
        for found in self.0.find_iter(text) {
            let Ok(found) = found else { break };
            if found.start() > at {
                chunk(&text[at..found.start()]);
            }
            if found.end() > found.start() {
                chunk(found.as_str());
            }
            at = found.end();
        }
        if at < text.len() {
            chunk(&text[at..]);
        }
    }
}
