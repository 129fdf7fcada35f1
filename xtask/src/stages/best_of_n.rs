//! `best-of-n`: the simplest way to follow a reward: draw many answers, keep the best (Stiennon et al. 2020, arXiv
//! 2009.01325).

use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::{Drawing, Problem, roll_out};
use rlhf_reward::math::{best_of_n, divergence_of_best};
use rlhf_reward::{Asked, PreferenceModel, RewardModel as Scorer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Metrics, Problems, Table};

use super::interval;
use super::preferences::{Gold, agrees, judge, requests};
use super::training::{Curves, Log, Speech};

/// Draws answers to requests, and measures what the best of n by a reward model is worth to who knows; nobody learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BestOfN {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Requests whose source ends with one of these are asked.
    pub sources: Vec<String>,
    /// Who knows what answers are worth.
    pub gold: Option<Gold>,
    /// Answers drawn for each request.
    #[schemars(extend("unit" = "answers"))]
    pub answers: usize,
    /// Most requests; 0 for all.
    #[schemars(extend("unit" = "requests"))]
    pub most: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
}

impl Default for BestOfN {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec!["/test".to_owned()],
            gold: None,
            answers: 64,
            most: 0,
            tokens: 64,
        }
    }
}

impl Stage for BestOfN {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("problems", Problems::NAME),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                Slot::new("reward", "reward/1"),
            ],
            writes: vec![Output::new("metrics", Metrics::NAME)],
            sources: &["model", "bpe", "sft", "rl", "rlhf-reward", "grpo", "fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let positive = [("/answers", self.answers), ("/tokens", self.tokens)];
        match positive.into_iter().find(|(_, value)| *value == 0) {
            None => Ok(()),
            Some((on, _)) => Err(Fault::new("this makes no sense").on(on).got("0").expected("1 or more")),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let Speech { bpe, template, .. } = &speech;
        let before = io.input("checkpoint")?;
        let (_, decoder) = model::checkpoint::load(before.directory()?)?;
        agrees(bpe, decoder.config(), before.directory()?)?;
        let policy = decoder.detached();
        let liked = judge(io.input("reward")?, speech.directory)?;
        let body = liked.body.detached();
        let scorer = Scorer { body: &body, head: liked.head.detach() };
        let context = decoder.config().context;
        let mut asked = requests(io, ([&[], &self.sources], 0.0), bpe, &**template, context)?.held_out;
        if self.most > 0 {
            asked.truncate(self.most);
        }
        if asked.is_empty() {
            let fault =
                Fault::new("nothing is asked").got("no request of these sources that fits the context");
            return Err(Error::Input(fault.expected("one at least").cure("see `sources`")).into());
        }
        let drawing = Drawing {
            group: self.answers,
            tokens: self.tokens,
            context,
            stop: template.ends().to_vec(),
            at_once: 0,
            seed: io.seed("answers"),
        };
        let decode = |ids: &[u32]| speech.decode(ids);
        let mut drawn = vec![];
        io.progress().length(asked.len() as u64);
        let problems: Vec<&Problem> = asked.iter().collect();
        for problems in problems.chunks(AT_ONCE.div_ceil(self.answers)) {
            let groups = roll_out(&policy, problems, &drawing, 0)?;
            let proxy = scorer.score_all(&groups.iter().map(Asked::from).collect::<Vec<_>>())?;
            for ((problem, group), proxy) in problems.iter().zip(&groups).zip(proxy) {
                let gold = self.gold.map(|gold| gold.scores(problem, group, &decode));
                drawn.push((proxy, gold.and_then(|gold| gold.into_iter().collect::<Option<Vec<f64>>>())));
            }
            io.progress().advance(problems.len() as u64);
        }

        let mut curves = Curves(Log::open(&io.scratch()?.join("metrics.jsonl"), 0)?);
        for n in std::iter::successors(Some(1), |n| Some(2 * n)).take_while(|n| *n <= self.answers) {
            let step = n as u64;
            curves.push(step, "validation_kl", divergence_of_best(n))?;
            let proxies = drawn.iter().filter_map(|(proxy, _)| best_of_n(proxy, proxy, n));
            let golds = drawn.iter().filter_map(|(proxy, gold)| best_of_n(proxy, gold.as_ref()?, n));
            for (name, values) in [("proxy", proxies.collect::<Vec<f64>>()), ("gold", golds.collect())] {
                if !values.is_empty() {
                    let (mean, low, high) = interval::mean(&values);
                    curves.push(step, &format!("validation_{name}"), mean)?;
                    curves.push(step, &format!("validation_{name}_low"), low)?;
                    curves.push(step, &format!("validation_{name}_high"), high)?;
                }
            }
        }
        io.count("requests", drawn.len() as u64);
        io.count("answers", (drawn.len() * self.answers) as u64);
        curves.finish(io, &task.shard())
    }
}

/// Answers that grow at once.
const AT_ONCE: usize = 512;
