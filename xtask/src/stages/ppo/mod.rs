//! `ppo`: a chat model learns to please a reward model, no further than it may (Ouyang et al. 2022, arXiv 2203.02155, section
//! 3.5).

mod early;
mod note;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bpe::Tokenizer;
use model::{AdamWSettings, Checkpoints, Decay, Guard, Packed, Recompute, Schedule, Width};
use pipeline::{Class, Error, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::math::{Aggregation, Clip, Terms};
use rl::{Drawing, Group, PolicyGradient, Problem};
use rlhf_reward::math::KlTarget;
use rlhf_reward::{
    ActorCritic, Asked, Cast, Critic, Pay, Plan, PreferenceModel, RewardModel as Scorer, Round, Rounds,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Protocol;
use shard::{Metrics, Preferences, Problems, Rollouts, Table, Tokens};

use super::preferences::{Gold, Probe, Requests, agrees, judge, requests};
use super::pretrain::Matrices;
use super::special;
use super::training::{Curves, Kept, Log, Speech, Work, flatten, keep_counts, write_model};
use early::{Best, EarlyStop};
use note::{Notes, keep};

/// Trains a model on its own answers, by what a reward model says of them, with a critic that knows what to expect, and a
/// price for every nat that the policy moves away from where it began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ppo {
    /// How a conversation is written as tokens; by default as the tokenizer's special tokens suggest.
    pub protocol: Option<Protocol>,
    /// Only requests whose source ends with one of these are practised with; without any, all but `held_out`.
    pub sources: Vec<String>,
    /// Requests whose source ends with one of these are measured with and never practised with.
    pub held_out: Vec<String>,
    /// Of all other requests this share is held out too.
    pub hold_out: f64,
    /// Who pays.
    pub paid_by: Payer,
    /// Who knows what answers are worth, and is asked for nothing but to be shown beside the reward.
    pub gold: Option<Gold>,
    /// Rounds of answers.
    #[schemars(extend("unit" = "rounds"))]
    pub rounds: u64,
    /// Requests of a round.
    #[schemars(extend("unit" = "requests"))]
    pub requests: usize,
    /// Answers to a request.
    #[schemars(extend("unit" = "answers"))]
    pub group: usize,
    /// Most tokens of an answer.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens: usize,
    /// What a nat of distance from the beginning costs.
    #[schemars(extend("source" = "Ziegler et al. 2019, equation 2; 0.02 in Ouyang et al. 2022"))]
    pub kl_weight: f64,
    /// Where the price finds itself: the distance to keep.
    pub kl_target: Option<KlTarget>,
    /// What is added to the reward of an answer that does not end.
    pub unended: f64,
    /// Discount of what comes later.
    pub gamma: f64,
    /// How far estimates of advantages look ahead.
    #[schemars(extend("source" = "Schulman et al. 2015, arXiv 1506.02438, equation 16"))]
    pub lambda: f64,
    /// How far the odds of a token move in a round before nothing is gained by it.
    pub clip: Clip,
    /// How far the critic moves in a round.
    pub value_range: f64,
    /// What the critic's loss counts beside the policy's.
    pub value_weight: f64,
    /// What the loss on text counts that the policy is not to forget; its text is the input `tokens`.
    #[schemars(extend("source" = "Ouyang et al. 2022, equation 2"))]
    pub pretraining_weight: f64,
    /// Rows of text beside a batch of answers.
    #[schemars(extend("unit" = "rows"))]
    pub pretraining_rows: usize,
    /// Passes over the answers of a round; in all but the first step they are an older policy's.
    #[schemars(extend("unit" = "passes"))]
    pub passes: usize,
    /// Optimizer steps of a pass, each on another part of the round's answers.
    #[schemars(extend("unit" = "steps"))]
    pub steps: usize,
    /// Most tokens of a batch; a step averages over as many batches as it needs.
    #[schemars(extend("unit" = "tokens"))]
    pub tokens_per_batch: usize,
    /// Most answers that grow at once; 0 for all of a round.
    #[schemars(extend("unit" = "answers"))]
    pub at_once: usize,
    /// When the run has enough.
    pub early_stop: EarlyStop,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the optimizer steps.
    pub schedule: Schedule,
    /// What moves the weight matrices of layers; all the rest moves by AdamW.
    pub matrices: Matrices,
    /// Moments of AdamW, the decay of all matrices, and parameters that learn otherwise (the critic's begin with `critic.`).
    pub optimizer: AdamWSettings,
    /// What the backward pass computes a second time to save memory.
    pub recompute: Recompute,
    /// Rounds between checkpoints, from which a killed run goes on; 0 for none.
    #[schemars(extend("unit" = "rounds"))]
    pub checkpoint_every: u64,
    /// Rounds between measurements on held-out requests; first and last are always measured. 0 for those only.
    #[schemars(extend("unit" = "rounds"))]
    pub measure_every: u64,
    /// Answers to each held-out request.
    #[schemars(extend("unit" = "answers"))]
    pub measure_group: usize,
    /// Most held-out requests that are measured with; 0 for all.
    #[schemars(extend("unit" = "requests"))]
    pub measure_most: usize,
    /// Rounds between those whose answers are kept in `rollouts`; the first and the last always are. 0 for those only.
    #[schemars(extend("unit" = "rounds"))]
    pub keep_every: u64,
}

/// Who pays for answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Payer {
    /// The input `reward`, a reward model.
    #[default]
    RewardModel,
    /// The judge of `gold` itself: rewards that can be verified.
    Gold,
}

impl Default for Ppo {
    fn default() -> Self {
        Self {
            protocol: None,
            sources: vec![],
            held_out: vec!["/test".to_owned()],
            hold_out: 0.0,
            paid_by: Payer::RewardModel,
            gold: None,
            rounds: 100,
            requests: 128,
            group: 1,
            tokens: 64,
            kl_weight: 0.05,
            kl_target: None,
            unended: -1.0,
            gamma: 1.0,
            lambda: 0.95,
            clip: Clip { low: 0.2, high: 0.2 },
            value_range: 0.2,
            value_weight: 0.5,
            pretraining_weight: 0.0,
            pretraining_rows: 4,
            passes: 2,
            steps: 1,
            tokens_per_batch: 4_096,
            at_once: 0,
            early_stop: EarlyStop::default(),
            clip_norm: 1.0,
            schedule: Schedule { peak: 3e-4, warmup_steps: 10, decay: Decay::Linear, ..Schedule::default() },
            matrices: Matrices::Adamw,
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            recompute: Recompute::default(),
            checkpoint_every: 20,
            measure_every: 10,
            measure_group: 2,
            measure_most: 0,
            keep_every: 20,
        }
    }
}

impl Stage for Ppo {
    fn signature(&self) -> Signature {
        let reward = Slot::new("reward", "reward/1");
        let tokens = Slot::new("tokens", Tokens::NAME);
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![
                Slot::new("problems", Problems::NAME).optional(),
                Slot::new("preferences", Preferences::NAME).optional(),
                Slot::new("checkpoint", "checkpoint/1"),
                Slot::new("tokenizer", "tokenizer/1"),
                if self.paid_by == Payer::RewardModel { reward } else { reward.optional() },
                if self.pretraining_weight > 0.0 { tokens } else { tokens.optional() },
            ],
            writes: vec![
                Output::new("checkpoint", "checkpoint/1"),
                Output::new("metrics", Metrics::NAME),
                Output::new("rollouts", Rollouts::NAME),
            ],
            sources: &["model", "bpe", "sft", "rl", "rlhf-reward", "grpo", "fixtures"],
            // how many answers grow at once changes no bit of any
            unhashed: vec!["at_once"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        let positive = [
            ("/rounds", self.rounds as usize),
            ("/requests", self.requests),
            ("/group", self.group),
            ("/tokens", self.tokens),
            ("/passes", self.passes),
            ("/steps", self.steps),
            ("/tokens_per_batch", self.tokens_per_batch),
            ("/measure_group", self.measure_group),
        ];
        if let Some((on, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return wrong(on, "0".into(), "1 or more");
        }
        if self.steps > self.requests {
            return wrong("/steps", self.steps.to_string(), &format!("{} requests or fewer", self.requests));
        }
        for (on, value) in [("/gamma", self.gamma), ("/lambda", self.lambda)] {
            if !(0.0..=1.0).contains(&value) {
                return wrong(on, value.to_string(), "from 0 to 1");
            }
        }
        if !(0.0..1.0).contains(&self.hold_out) {
            return wrong("/hold_out", self.hold_out.to_string(), "0, or less than 1");
        }
        for (on, value) in [("/kl_weight", self.kl_weight), ("/pretraining_weight", self.pretraining_weight)]
        {
            if !(0.0..1e6).contains(&value) {
                return wrong(on, value.to_string(), "0 or more");
            }
        }
        if let Some(KlTarget { target, horizon }) = self.kl_target
            && !(target > 0.0 && horizon > 0.0)
        {
            return wrong("/kl_target", format!("{target} over {horizon}"), "both more than 0");
        }
        if self.gold.is_none() && (self.paid_by == Payer::Gold || self.early_stop.patience > 0) {
            return wrong("/gold", "nobody".into(), "who knows: he is asked to pay, or when to stop");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let speech = Speech::open(io, self.protocol)?;
        let Speech { bpe, template, .. } = &speech;
        let before = io.input("checkpoint")?;
        let (begin, reference) = model::checkpoint::load(before.directory()?)?;
        let config = reference.config().clone();
        agrees(bpe, &config, before.directory()?)?;
        let reference = reference.detached();
        let liked = io.optional("reward").map(|input| judge(input, speech.directory)).transpose()?;
        let sources = [&self.sources[..], &self.held_out[..]];
        let Requests { learn, mut held_out } =
            requests(io, (sources, self.hold_out), bpe, &**template, config.context)?;
        if learn.is_empty() {
            let fault =
                Fault::new("nothing is asked").got("no request of these sources that fits the context");
            return Err(Error::Input(fault.expected("one at least").cure("see `sources`")).into());
        }
        if self.measure_most > 0 {
            held_out.truncate(self.measure_most);
        }

        let ActorCritic { params, actor, critic, head } =
            ActorCritic::begin(&begin, &config, liked.as_ref(), io.seed("critic"))?;
        let (policy, learner) = (actor.detached(), actor.recomputing(self.recompute));
        let (expecting, critic) = (critic.detached(), critic.recomputing(self.recompute));

        let decode = |ids: &[u32]| speech.decode(ids);
        let body = liked.as_ref().map(|liked| liked.body.detached());
        let scorer =
            body.as_ref().zip(liked.as_ref()).map(|(body, liked)| Scorer { body, head: liked.head.detach() });
        let rewarder = |chosen: &[usize], groups: &[Group]| {
            if let (Some(scorer), Payer::RewardModel) = (&scorer, self.paid_by) {
                return scorer.score_all(&groups.iter().map(Asked::from).collect::<Vec<_>>());
            }
            let of_group = |(at, group): (&usize, &Group)| {
                let golden = self.golden(&learn[*at], group, &decode);
                golden.into_iter().map(Option::unwrap_or_default).collect()
            };
            Ok(chosen.iter().zip(groups).map(of_group).collect())
        };

        let drawing = Drawing {
            group: self.group,
            tokens: self.tokens,
            context: config.context,
            stop: template.ends().to_vec(),
            at_once: self.at_once,
            seed: io.seed("answers"),
        };
        let probe = Probe {
            problems: &held_out,
            gold: self.gold,
            proxy: scorer.as_ref().map(|scorer| scorer as &dyn PreferenceModel),
            reference: &reference,
            decode: &decode,
            drawing: Drawing { group: self.measure_group, seed: io.seed("measured"), ..drawing.clone() },
        };
        let plan = Plan {
            problems: self.requests,
            drawing: drawing.clone(),
            pay: Pay {
                kl_weight: self.kl_weight,
                unended: self.unended,
                gamma: self.gamma,
                lambda: self.lambda,
            },
            target: self.kl_target,
            passes: self.passes,
            steps: self.steps,
            tokens_per_batch: self.tokens_per_batch,
            seed: io.seed("requests"),
        };
        let per_round = (self.passes * self.steps) as u64;
        let scratch = io.scratch()?;
        let special = speech.special();
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every * per_round,
            keep: 2,
            config: config.clone(),
            special: special.clone(),
        };
        let begun = Work::begun(&checkpoints)? / per_round;
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let mut best = Best::open(&scratch, self.early_stop, begun)?;
        let mut kept = Kept::open(&scratch.join("answers.jsonl"), begun)?;
        let seen = RefCell::new(BTreeMap::new());
        let mut watch = |round: &Round| {
            let golden: Vec<Vec<Option<f64>>> = round
                .paid
                .iter()
                .map(|paid| self.golden(&learn[paid.problem], &paid.group, &decode))
                .collect();
            *seen.borrow_mut() = note::figures(round, &golden);
            let number = round.number + 1;
            let due = number == 1 || number == self.rounds;
            if due || self.keep_every > 0 && number.is_multiple_of(self.keep_every) {
                keep(&mut kept, round, &golden, &decode).map_err(note::other)?;
            }
            Ok(())
        };
        let cast = Cast {
            policy: &policy,
            reference: &reference,
            critic: Critic { body: &expecting, head: head.detach() },
            rewarder: &rewarder,
        };
        let mut rounds = Rounds::new(cast, &learn, plan, &mut watch);
        if self.pretraining_weight > 0.0 {
            let bos = special::id(bpe.vocabulary(), "<|bos|>")?;
            let width = Width::of(bpe.vocabulary().size());
            let [text, _] = flatten(io, bos, width, &scratch, 0)?;
            let (tokens, rows) = (model::Tokens::open(&text.path, width)?, self.pretraining_rows);
            rounds.pretraining = Some(Packed::shuffled(tokens, config.context, rows, bos, io.seed("text"))?);
        }
        let terms = Terms { clip: self.clip, aggregation: Aggregation::TokenMean, ..Terms::default() };
        let objective = rlhf_reward::Ppo {
            policy: PolicyGradient::new(&learner, terms),
            critic: Critic { body: &critic, head },
            value_weight: self.value_weight,
            value_range: self.value_range,
            pretraining_weight: self.pretraining_weight,
            seen: RefCell::default(),
        };
        let mut optimizer = self.matrices.optimizer(&self.optimizer);
        if begun == 0 {
            let point = probe.measure(&policy, 0, &mut curves)?;
            best.look(0, &point, || ActorCritic::actor_alone(&params, &config))?;
        }
        let work = Work {
            io,
            params: &params,
            plan: model::Plan {
                steps: self.rounds * per_round,
                accumulation: usize::MAX,
                clip_norm: self.clip_norm,
                schedule: self.schedule.clone(),
                // the loss of a policy says nothing about how well it does
                guard: Guard { window: 0, ..Guard::default() },
            },
            checkpoints: &checkpoints,
            per_round,
        };
        let mut last = begun;
        if !best.enough() {
            work.run(&mut rounds, &objective, &mut *optimizer, &mut |progress| {
                if !progress.step.is_multiple_of(per_round) {
                    return Ok(ControlFlow::Continue(()));
                }
                let round = progress.step / per_round;
                last = round;
                let notes = Notes { policy: objective.policy.seen.take(), critic: objective.seen.take() };
                notes.push(round, progress, &seen.take(), &mut curves)?;
                let due = self.measure_every > 0 && round.is_multiple_of(self.measure_every);
                if due || round == self.rounds {
                    let point = probe.measure(&policy, round, &mut curves)?;
                    best.look(round, &point, || ActorCritic::actor_alone(&params, &config))?;
                }
                Ok(if best.enough() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        drop(rounds);

        let chosen = ActorCritic::actor_alone(&params, &config)?;
        best.restore(&chosen)?;
        if let Some(kept) = best.round() {
            curves.push(last, "kept_round", kept as f64)?;
            io.count("kept_round", kept);
        }
        write_model(io, "checkpoint", (&config, &special), &chosen, [speech.directory, before.directory()?])?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        kept.finish(io, &task.shard(), &learn)?;
        io.count("parameters", begin.count() as u64);
        io.count("rounds", last);
        io.count("steps", last * per_round);
        keep_counts(io, before);
        Ok(())
    }
}

impl Ppo {
    /// What the judge who knows says of each answer, if there is one.
    fn golden(
        &self,
        problem: &Problem,
        group: &Group,
        decode: &dyn Fn(&[u32]) -> String,
    ) -> Vec<Option<f64>> {
        self.gold.map_or_else(|| vec![None; group.answers.len()], |gold| gold.scores(problem, group, decode))
    }
}
