//! `format`: thoughts first, then the answer, each in its tags.

use rl::{Answer, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::right_if;
use crate::Verifier;

/// The form of DeepSeek-R1 (arXiv 2501.12948, table 1): `<think> … </think> <answer> … </answer>`, each tag exactly
/// once and in this order, nothing but spaces before, between and behind, and something in the answer.
///
/// Where the question ends with the first tag, so that the model never says it, `think_is_open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Format {
    /// What stands around thoughts.
    pub think: [String; 2],
    /// What stands around the answer.
    pub answer: [String; 2],
    /// Whether the question has said the first tag already.
    pub think_is_open: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            think: ["<think>", "</think>"].map(str::to_owned),
            answer: ["<answer>", "</answer>"].map(str::to_owned),
            think_is_open: false,
        }
    }
}

impl Format {
    /// The tags in the order in which they are said.
    fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = self.think.iter().chain(&self.answer).map(String::as_str);
        tags.skip(usize::from(self.think_is_open)).filter(|tag| !tag.is_empty())
    }

    fn holds(&self, text: &str) -> bool {
        if self.tags().any(|tag| text.matches(tag).take(2).count() != 1) {
            return false;
        }
        let Some((_, rest)) = between(text, &self.think, self.think_is_open) else { return false };
        let Some((answer, behind)) = between(rest, &self.answer, false) else { return false };
        !answer.trim().is_empty() && behind.trim().is_empty()
    }
}

/// What stands within a pair of tags at the beginning of `text`, and what behind them.
fn between<'a>(text: &'a str, [open, close]: &[String; 2], is_open: bool) -> Option<(&'a str, &'a str)> {
    let text = if is_open { text } else { text.trim_start().strip_prefix(open.as_str())? };
    text.split_once(close.as_str())
}

impl Verifier for Format {
    fn verify(&self, _: &Problem, answer: &Answer<'_>) -> Option<f32> {
        right_if(self.holds(answer.text))
    }

    fn gold(&self, problem: &Problem) -> String {
        let said = if problem.answer.trim().is_empty() { "…" } else { &problem.answer };
        let ([think, thought], [open, close]) = (&self.think, &self.answer);
        let think = if self.think_is_open { "" } else { think };
        format!("{think} {thought}\n{open} {said} {close}")
    }

    fn needs_answer(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn tags_come_once_and_in_order() {
        for (text, right) in [
            ("<think> 3 + 4 </think>\n<answer> 7 </answer>", true),
            ("<think></think><answer>7</answer>\n", true),
            ("3 + 4 </think> <answer> 7 </answer>", false),
            ("<think> 3 </think> so <answer> 7 </answer>", false),
            ("<answer> 7 </answer> <think> 3 </think>", false),
            ("<think> <think> </think> <answer> 7 </answer>", false),
            ("<think> </think> <answer> 7 </answer> <answer> 8 </answer>", false),
            ("<think> </think> <answer> 7 </answer> indeed", false),
            ("<think> </think> <answer> </answer>", false),
            ("<think> </think> <answer> 7", false),
            ("", false),
        ] {
            assert_eq!(Format::default().holds(text), right, "{text}");
        }
        let open = Format { think_is_open: true, ..Format::default() };
        assert!(open.holds("3 + 4 </think> <answer> 7 </answer>"));
        assert!(!open.holds("<answer> 7 </answer>"));
    }
}
