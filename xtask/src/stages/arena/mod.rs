//! `arena`: models answer the same prompts, a judge compares the answers, and battles make a leaderboard, as at LMSYS
//! (Chiang et al. 2024, arXiv 2403.04132).
//!
//! Scores are of `arena`, its item `JUDGE: MODEL`: `rating` by all battles alike with its interval, `elo` by the battles in
//! their order, both above the first model's; `games`, `wins`, `ties`, `losses`; `trained`, its place in the order of
//! training. `arena-sides` has, by judge, what share of the battles that somebody won the left side did.

mod answers;
pub(crate) mod board;
mod earlier;
mod judge;
mod play;
mod reward;

use std::collections::{BTreeMap, BTreeSet};

use model::Draw;
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Battles, Problems, Scores, Table, battles};

use super::interview::Transcript;
use super::scores::Sheet;
use super::shards;
pub use judge::{Hidden, JudgeKind, Nearer};

/// Lets models answer the same prompts, every two of them meet on each, and rates them by who is preferred.
///
/// A name stands for one model: answers and battles of an earlier arena are not made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Arena {
    /// Names of the inputs, a checkpoint each, in the order in which they were trained.
    pub models: Vec<String>,
    /// Models of an earlier arena, trained before these, whose answers stand in `battles`.
    pub earlier: Vec<String>,
    /// Models that know no protocol, by name, and how they are asked: by a text that ends before the answer.
    pub transcripts: BTreeMap<String, Transcript>,
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only problems whose source ends with one of these, as `/test`; without any, all.
    pub sources: Vec<String>,
    /// Most prompts of one ability; 0 for all.
    #[schemars(extend("unit" = "prompts"))]
    pub most: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// How a token is drawn.
    pub draw: Draw,
    /// Who says which of two answers is better.
    pub judge: JudgeKind,
    /// The most that one battle moves an Elo rating, K.
    #[schemars(extend("unit" = "Elo points"), extend("source" = "Elo 1978, section 1.6"))]
    pub k: f64,
    /// How often prompts are drawn again for the intervals of ratings.
    #[schemars(extend("unit" = "draws"), extend("source" = "Efron 1979"))]
    pub draws: usize,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            models: ["base", "chat"].map(str::to_owned).to_vec(),
            earlier: vec![],
            transcripts: BTreeMap::new(),
            protocol: None,
            sources: vec![],
            most: 0,
            tokens: 96,
            draw: Draw { temperature: 0.0, ..Draw::default() },
            judge: JudgeKind::default(),
            k: 4.0,
            draws: 1_000,
        }
    }
}

/// Inputs that are no models.
const OTHERS: [&str; 4] = ["tokenizer", "problems", "battles", "reward"];

impl Stage for Arena {
    fn signature(&self) -> Signature {
        let models = self.models.iter().map(|model| Slot::new(model, "checkpoint/1"));
        let battles = Slot::new("battles", Battles::NAME);
        let voted = self.judge == JudgeKind::Person || !self.earlier.is_empty();
        let mut reads: Vec<Slot> = models.collect();
        reads.extend([
            Slot::new("tokenizer", "tokenizer/1"),
            Slot::new("problems", Problems::NAME),
            if voted { battles } else { battles.optional() },
        ]);
        if matches!(self.judge, JudgeKind::RewardModel(_)) {
            reads.push(Slot::new("reward", "reward/1"));
        }
        Signature {
            class: Class::Numeric,
            random: true,
            reads,
            writes: vec![Output::new("battles", Battles::NAME), Output::new("scores", Scores::NAME)],
            sources: &["model", "bpe", "sft", "chat", "eval", "rl", "grpo", "rlhf-reward", "fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let contestants = self.contestants();
        let all: BTreeSet<&str> = contestants.iter().copied().chain(OTHERS).collect();
        if contestants.len() < 2 || all.len() < contestants.len() + OTHERS.len() {
            let fault = Fault::new("models need names of their own").on("/models");
            let fault = fault.got(format!("{contestants:?}"));
            return Err(fault.expected(format!("two or more that differ, and none of {OTHERS:?}")));
        }
        if let Some(name) = self.transcripts.keys().find(|name| !self.models.contains(name)) {
            let fault = Fault::new("nobody of this name is asked").on(format!("/transcripts/{name}"));
            return Err(fault.got(name.clone()).expected(format!("one of {:?}", self.models)));
        }
        if !self.k.is_finite() || self.k < 0.0 {
            let fault = Fault::new("no rating moves so").on("/k").got(self.k.to_string());
            return Err(fault.expected("a number of points, 0 or more"));
        }
        self.judge.check()
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let contestants = self.contestants();
        let mut prompts = self.prompts(io)?;
        let mut earlier = earlier::read(io, &contestants, &mut prompts)?;
        self.answer(io, &mut prompts)?;
        let played = self.play(io, &contestants, &prompts, &earlier)?;
        earlier.extend(played);

        let mut out = shards::create::<Battles>(io, "battles", &task.shard())?;
        for battle in &earlier {
            out.push(&battles::Row {
                prompt_id: battle.prompt_id,
                asked: &battle.asked,
                left: contestants[battle.left],
                right: contestants[battle.right],
                judge: &battle.judge,
                outcome: battle.outcome,
                left_text: &battle.left_text,
                right_text: &battle.right_text,
            })?;
        }
        shards::finish(io, "battles", out)?;
        let mut sheet = Sheet::default();
        self.rate(io, &contestants, &earlier, &mut sheet)?;
        sheet.finish(io, task)
    }
}

impl Arena {
    /// All who meet, in the order in which they were trained.
    fn contestants(&self) -> Vec<&str> {
        self.earlier.iter().chain(&self.models).map(String::as_str).collect()
    }
}

/// What all are asked.
struct Asked {
    /// The problem; what the models read is written anew for each.
    problem: rl::Problem,
    /// The answer of each contestant, where it is known.
    texts: Vec<Option<String>>,
    /// Some model has no room for it, so nobody is asked.
    too_long: bool,
}

/// A battle, its models by their numbers.
struct Fought {
    prompt_id: u64,
    asked: String,
    left: usize,
    right: usize,
    judge: String,
    outcome: battles::Outcome,
    left_text: String,
    right_text: String,
}

#[cfg(test)]
mod tests {
    use pipeline::Stage;

    use super::{Arena, Hidden, JudgeKind, Transcript};

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |change: fn(&mut Arena)| {
            let mut arena = Arena::default();
            change(&mut arena);
            arena.check().is_err()
        };
        assert!(!refused(|_| ()));
        assert!(refused(|arena| arena.models.truncate(1)));
        assert!(!refused(|arena| {
            arena.models.truncate(1);
            arena.earlier = vec!["old".to_owned()];
        }));
        assert!(refused(|arena| arena.earlier = vec!["chat".to_owned()]));
        assert!(refused(|arena| arena.models[0] = "problems".to_owned()));
        assert!(refused(|arena| drop(arena.transcripts.insert("bass".to_owned(), Transcript::default()))));
        assert!(refused(|arena| arena.k = f64::NAN));
        assert!(refused(
            |arena| arena.judge = JudgeKind::Hidden(Hidden { nearer: -1.0, ..Hidden::default() })
        ));
    }

    #[test]
    fn votes_are_asked_for_where_nobody_else_judges() {
        let optional = |arena: Arena| {
            let reads = arena.signature().reads;
            reads.iter().find(|slot| slot.name == "battles").unwrap().optional
        };
        assert!(optional(Arena::default()));
        assert!(!optional(Arena { judge: JudgeKind::Person, ..Arena::default() }));
        assert!(!optional(Arena { earlier: vec!["old".to_owned()], ..Arena::default() }));
    }
}
