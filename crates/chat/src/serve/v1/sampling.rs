//! How tokens are chosen: what requests say, checked, and what samplers make of it.

use std::collections::BTreeMap;

use model::{Draw, Random, Sampler};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::serve::{Answer, Refusal, chance, in_range};

/// Answers to one request, at most.
const MOST_ANSWERS: usize = 128;
/// Texts that end an answer, at most, and their length.
const MOST_STOPS: usize = 16;
const LONGEST_STOP: usize = 256;

/// What both kinds of requests say about drawing.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Sampling {
    /// Scores are divided by it, 0 to 2; 0 takes the likeliest token.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub(super) temperature: Option<f64>,
    /// Only the likeliest tokens that together have this probability.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) top_p: Option<f64>,
    /// Only so many of the likeliest tokens; 0 for all. Ours.
    pub(super) top_k: Option<usize>,
    /// Only tokens at least this many times as likely as the likeliest. Ours.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) min_p: Option<f64>,
    /// Scores of tokens that the text has are divided by it. Ours.
    #[schemars(range(min = 0.01, max = 100.0))]
    pub(super) repetition_penalty: Option<f64>,
    /// Taken from the score of each token that the answer has.
    #[schemars(range(min = -2.0, max = 2.0))]
    pub(super) presence_penalty: Option<f64>,
    /// Taken from the score of a token as often as the answer has it.
    #[schemars(range(min = -2.0, max = 2.0))]
    pub(super) frequency_penalty: Option<f64>,
    /// Added to the scores of tokens, by id.
    pub(super) logit_bias: Option<BTreeMap<String, f64>>,
    /// The same seed and the same words give the same answer.
    pub(super) seed: Option<i64>,
    /// How many answers.
    #[schemars(range(min = 1, max = 128))]
    pub(super) n: Option<usize>,
    /// Texts that end an answer, and are not part of it.
    pub(super) stop: Option<Stop>,
    /// Whether tokens are sent as they come.
    pub(super) stream: Option<bool>,
    /// What a stream tells besides.
    pub(super) stream_options: Option<StreamOptions>,
    /// Whether ids are told as well. Ours.
    pub(super) return_token_ids: Option<bool>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Stop {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// What a stream tells besides.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct StreamOptions {
    /// A last piece with the count of tokens.
    pub(super) include_usage: Option<bool>,
}

impl Sampling {
    /// The draw, before anything is forbidden.
    pub(super) fn draw(&self, vocabulary: usize) -> Answer<Draw> {
        let penalty = self.repetition_penalty.unwrap_or(1.0);
        Ok(Draw {
            temperature: in_range("temperature", self.temperature.unwrap_or(1.0), 0.0..=2.0)?,
            top_p: in_range("top_p", self.top_p.unwrap_or(1.0), 0.0..=1.0)?,
            min_p: in_range("min_p", self.min_p.unwrap_or(0.0), 0.0..=1.0)?,
            repetition_penalty: in_range("repetition_penalty", penalty, 0.01..=100.0)?,
            top_k: self.top_k.unwrap_or(0),
            bias: self.bias(vocabulary)?,
        })
    }

    fn bias(&self, vocabulary: usize) -> Answer<BTreeMap<u32, f32>> {
        let wrong = |message: String| Refusal::invalid("logit_bias", message);
        let entry = |(id, bias): (&String, &f64)| {
            let number = id.parse::<u32>().ok().filter(|&number| (number as usize) < vocabulary);
            let number = number.ok_or_else(|| wrong(format!("`{id}` is no id below {vocabulary}")))?;
            if !(-100.0..=100.0).contains(bias) {
                return Err(wrong(format!("a bias must lie in -100 to 100, got {bias}")));
            }
            Ok((number, *bias as f32))
        };
        self.logit_bias.iter().flatten().map(entry).collect()
    }

    /// The sampler, where answers begin behind `prompt` tokens.
    pub(super) fn sampler(&self, draw: Draw, prompt: usize) -> Answer<Box<dyn Sampler>> {
        let penalty = |name, value: Option<f64>| in_range(name, value.unwrap_or(0.0), -2.0..=2.0);
        let presence = penalty("presence_penalty", self.presence_penalty)? as f32;
        let frequency = penalty("frequency_penalty", self.frequency_penalty)? as f32;
        if presence == 0.0 && frequency == 0.0 {
            return Ok(Box::new(draw));
        }
        Ok(Box::new(Penalised { draw, presence, frequency, prompt }))
    }

    /// A seed for each answer: that of the request, and those after it.
    pub(super) fn seeds(&self) -> Answer<Vec<u64>> {
        let count = in_range("n", self.n.unwrap_or(1), 1..=MOST_ANSWERS)?;
        let first = self.seed.map_or_else(chance::number, |seed| seed as u64);
        Ok((0..count as u64).map(|at| first.wrapping_add(at)).collect())
    }

    /// Texts that end an answer.
    pub(super) fn stops(&self) -> Answer<Vec<String>> {
        let stops = match &self.stop {
            None => vec![],
            Some(Stop::One(text)) => vec![text.clone()],
            Some(Stop::Several(texts)) => texts.clone(),
        };
        if stops.len() > MOST_STOPS || stops.iter().any(|stop| stop.is_empty() || stop.len() > LONGEST_STOP) {
            let message = format!("at most {MOST_STOPS} texts of 1 to {LONGEST_STOP} bytes");
            return Err(Refusal::invalid("stop", message));
        }
        Ok(stops)
    }

    pub(super) fn streams(&self) -> bool {
        self.stream.unwrap_or(false)
    }

    pub(super) fn tells_usage(&self) -> bool {
        self.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false)
    }

    pub(super) fn tells_ids(&self) -> bool {
        self.return_token_ids.unwrap_or(false)
    }
}

/// A draw that thinks less of what was said already.
struct Penalised {
    draw: Draw,
    presence: f32,
    frequency: f32,
    /// Tokens before the answer.
    prompt: usize,
}

impl Sampler for Penalised {
    fn pick(&self, logits: &[f32], before: &[u32], random: &mut Random) -> u32 {
        let mut scores = logits.to_vec();
        let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
        for &id in before.get(self.prompt..).unwrap_or_default() {
            *counts.entry(id).or_default() += 1.0;
        }
        for (id, count) in counts {
            if let Some(score) = scores.get_mut(id as usize) {
                *score -= self.presence + self.frequency * count;
            }
        }
        self.draw.pick(&scores, before, random)
    }
}

/// Fields that change no answer of ours.
const OF_NO_MATTER: [&str; 9] = [
    "user",
    "store",
    "metadata",
    "service_tier",
    "parallel_tool_calls",
    "prompt_cache_key",
    "safety_identifier",
    "reasoning_effort",
    "verbosity",
];

/// Refuses fields that nobody here knows, unless they ask for what is done anyway.
pub(super) fn refuse_unknown(rest: &serde_json::Map<String, Value>) -> Answer<()> {
    for (name, value) in rest {
        let is_text = name == "response_format" && value.get("type").is_some_and(|kind| kind == "text");
        if value.is_null() || is_text || OF_NO_MATTER.contains(&name.as_str()) {
            continue;
        }
        let message =
            format!("the field `{name}` is not known to this server, or asks for what it cannot do");
        return Err(Refusal { code: Some("unknown_parameter"), ..Refusal::invalid(name.clone(), message) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penalties_count_what_the_answer_has_and_not_its_prompt() {
        let sampler = Penalised {
            draw: Draw { temperature: 0.0, ..Draw::default() },
            presence: 0.5,
            frequency: 0.3,
            prompt: 2,
        };
        let pick = |before: &[u32]| sampler.pick(&[2.0, 1.4, 1.0], before, &mut Random::new(1, "draw"));
        assert_eq!(pick(&[0, 0]), 0, "the prompt's tokens cost nothing");
        assert_eq!(pick(&[9, 9, 0]), 1);
        assert_eq!(pick(&[9, 9, 0, 1, 9]), 0, "2.0 − 0.8 is still the most");
        assert_eq!(pick(&[9, 9, 0, 1, 0]), 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let refused = |text: &str| {
            let sampling: Sampling = serde_json::from_str(text).unwrap();
            let all = (
                sampling.draw(10),
                sampling.sampler(Draw::default(), 0).map(drop),
                sampling.seeds(),
                sampling.stops(),
            );
            let refusals = [all.0.err(), all.1.err(), all.2.err(), all.3.err()];
            refusals
                .into_iter()
                .flatten()
                .next()
                .and_then(|refusal| refusal.param)
                .unwrap_or_default()
                .into_owned()
        };
        assert_eq!(refused(r#"{"temperature": 0.7, "stop": "x", "n": 3, "seed": -1}"#), "");
        assert_eq!(refused(r#"{"temperature": -0.1}"#), "temperature");
        assert_eq!(refused(r#"{"top_p": 1.5}"#), "top_p");
        assert_eq!(refused(r#"{"logit_bias": {"10": 1}}"#), "logit_bias");
        assert_eq!(refused(r#"{"logit_bias": {"x": 1}}"#), "logit_bias");
        assert_eq!(refused(r#"{"presence_penalty": 3}"#), "presence_penalty");
        assert_eq!(refused(r#"{"n": 0}"#), "n");
        assert_eq!(refused(r#"{"stop": ["a", ""]}"#), "stop");
    }
}
