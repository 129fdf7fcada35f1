//! `self-play`: a model that plays tic-tac-toe learns from games against itself (Silver et al. 2016, AlphaGo,
//! doi 10.1038/nature16961, methods, "Reinforcement learning of policy networks").
//!
//! As there, a move is as good as the game that it was made in: 1 for who wins, −1 for who loses. Differences:
//! 1. Both sides are the newest policy, not one of a pool of older ones.
//! 2. Where AlphaGo's second pass subtracts what a value network expected, the mean of games from the same opening is
//!    subtracted, as GRPO does with answers to the same problem.
//! 3. Openings are drawn at random, so that positions are met which neither side would choose.
//! 4. Surprising moves get a little more than they earned, so that play stays varied.
//! 5. A token that is no move ends the game; it alone is blamed.

use std::cell::Cell;
use std::ops::ControlFlow;

use bpe::{Bpe, Tokenizer};
use fixtures::tic_tac_toe::{Perfect, Side, Teacher};
use model::checkpoint::Special;
use model::{AdamW, AdamWSettings, Checkpoints, Cursor, Plan, Progress, Schedule};
use pipeline::{Class, Fault, Io, Output, Signature, Slot, Stage, Task};
use rl::PolicyGradient;
use rl::math::{Advantage, Aggregation, Terms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Metrics, Table};

use super::tic_tac_toe::{Notation, Practice, Scripted, SelfGames, Tally, Written, play};
use super::training::{Curves, Log, Work, copy_tree};

/// Trains a model that plays tic-tac-toe on games against itself: moves of won games become likelier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SelfPlay {
    /// Optimizer steps.
    #[schemars(extend("unit" = "steps"))]
    pub steps: u64,
    /// Openings of a step.
    #[schemars(extend("unit" = "openings"))]
    pub openings: usize,
    /// Games from each opening, which are compared with one another.
    #[schemars(extend("unit" = "games"))]
    pub group: usize,
    /// Most moves of an opening. There are as many as chance wants, and all are drawn at random: from openings near the
    /// end of a game the endings are learned, which those before them build on.
    #[schemars(extend("unit" = "moves"))]
    pub opening_moves: usize,
    /// How games from one opening are compared.
    pub advantage: Advantage,
    /// What a nat of surprise adds to the advantage of a move. Who plays itself without it soon plays always the same, and
    /// never learns what is wrong with it.
    #[schemars(extend("source" = "Williams and Peng 1991, doi 10.1080/09540099108946587"))]
    pub entropy: f64,
    /// Gradients longer than this are shortened to it.
    #[schemars(extend("source" = "Pascanu et al. 2013, algorithm 1"))]
    pub clip_norm: f64,
    /// The learning rate over the steps.
    pub schedule: Schedule,
    /// Moments of AdamW and the decay of matrices.
    pub optimizer: AdamWSettings,
    /// Steps between checkpoints, from which a killed run goes on; 0 for none.
    #[schemars(extend("unit" = "steps"))]
    pub checkpoint_every: u64,
    /// Steps between matches against a teacher and somebody perfect; first and last are always played. 0 for those only.
    #[schemars(extend("unit" = "steps"))]
    pub match_every: u64,
    /// Games of a match, half of them with either side.
    #[schemars(extend("unit" = "games"))]
    pub match_games: usize,
    /// Of a hundred moves of the teacher, so many are no whim.
    #[schemars(extend("unit" = "percent"))]
    pub careful: usize,
}

impl Default for SelfPlay {
    fn default() -> Self {
        Self {
            steps: 300,
            openings: 32,
            group: 16,
            opening_moves: 7,
            advantage: Advantage::Centred,
            entropy: 0.05,
            clip_norm: 1.0,
            schedule: Schedule { peak: 1e-3, warmup_steps: 10, ..Schedule::default() },
            optimizer: AdamWSettings { weight_decay: 0.0, ..AdamWSettings::default() },
            checkpoint_every: 100,
            match_every: 50,
            match_games: 200,
            careful: Teacher::default().careful,
        }
    }
}

/// Most moves after which a game of tic-tac-toe may still go on.
const MOST: usize = 8;

impl Stage for SelfPlay {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            random: true,
            reads: vec![Slot::new("checkpoint", "checkpoint/1"), Slot::new("tokenizer", "tokenizer/1")],
            writes: vec![Output::new("checkpoint", "checkpoint/1"), Output::new("metrics", Metrics::NAME)],
            sources: &["model", "bpe", "rl", "fixtures"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: usize, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got.to_string()).expected(expected))
        };
        if self.opening_moves > MOST {
            return wrong("/opening_moves", self.opening_moves, "8 or fewer, or no game would go on");
        }
        if self.openings == 0 {
            return wrong("/openings", 0, "1 or more");
        }
        if self.group < 2 {
            return wrong("/group", self.group, "2 or more, to be compared with one another");
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let tokenizer = io.input("tokenizer")?.directory()?;
        let bpe = Bpe::load(tokenizer)?;
        let notation = Notation::of(&bpe)?;
        let (params, policy) = model::checkpoint::load(io.input("checkpoint")?.directory()?)?;
        let player = policy.detached();
        let tally = Cell::new(Tally::default());
        let practice = Practice {
            openings: self.openings,
            group: self.group,
            opening_moves: self.opening_moves,
            advantage: self.advantage,
            entropy: self.entropy,
            seed: io.seed("games"),
        };
        let mut games = SelfGames {
            policy: &player,
            notation: &notation,
            practice,
            tally: &tally,
            cursor: Cursor::default(),
        };
        let mut optimizer = AdamW::new(self.optimizer.clone());
        let plan = Plan {
            steps: self.steps,
            clip_norm: self.clip_norm,
            schedule: self.schedule.clone(),
            ..Plan::default()
        };
        let special = Special { begin: bpe.vocabulary().special("<|bos|>"), end: vec![notation.begin] };
        let scratch = io.scratch()?;
        let checkpoints = Checkpoints {
            directory: scratch.join("checkpoints"),
            every: self.checkpoint_every,
            keep: 2,
            config: policy.config().clone(),
            special: special.clone(),
        };
        let begun = Work::begun(&checkpoints)?;
        let mut curves = Curves(Log::open(&scratch.join("metrics.jsonl"), begun)?);
        let written = Written { decoder: &player, notation: &notation };
        if begun == 0 {
            self.matches(0, &written, io.seed("matches"), &mut curves)?;
        }
        let terms = Terms { aggregation: Aggregation::TokenMean, ..Terms::default() };
        let objective = PolicyGradient::new(&policy, terms);
        let work = Work { io, params: &params, plan, checkpoints: &checkpoints, per_round: 1 };
        work.run(&mut games, &objective, &mut optimizer, &mut |progress: &Progress| {
            let step = progress.step;
            note(progress, tally.get(), &mut curves)?;
            let due = self.match_every > 0 && step.is_multiple_of(self.match_every);
            if due || step == self.steps {
                self.matches(step, &written, io.seed("matches"), &mut curves)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;

        let folder = io.output("checkpoint")?;
        model::checkpoint::write(&folder, policy.config(), &special, &params)?;
        copy_tree(tokenizer, &folder)?;
        io.add_tree("checkpoint")?;
        curves.finish(io, &task.shard())?;
        io.count("parameters", params.count() as u64);
        io.count("steps", self.steps);
        io.count("games", self.steps * (self.openings * self.group) as u64);
        Ok(())
    }
}

fn note(progress: &Progress, tally: Tally, curves: &mut Curves) -> anyhow::Result<()> {
    let Progress { step, lr, grad_norm, .. } = *progress;
    let Tally { won_by_x, drawn, illegal, alike, surprise } = tally;
    for (name, value) in [
        ("lr", lr),
        ("grad_norm", grad_norm),
        ("won_by_x", won_by_x),
        ("drawn", drawn),
        ("illegal", illegal),
        ("zero_variance_share", alike),
        ("surprise", surprise),
    ] {
        curves.push(step, name, value)?;
    }
    Ok(())
}

impl SelfPlay {
    /// `score_against_teacher`, and `lost_to_perfect` as a share.
    fn matches(&self, step: u64, player: &Written<'_>, seed: u64, curves: &mut Curves) -> anyhow::Result<()> {
        let teacher = Teacher { careful: self.careful };
        let half = self.match_games.div_ceil(2);
        let against = |other: &Scripted<'_>| -> anyhow::Result<Vec<f64>> {
            let [first, second] = [play(player, other, half, seed)?, play(other, player, half, seed)?];
            let scores = first.iter().map(|game| game.outcome.score(Side::X));
            Ok(scores.chain(second.iter().map(|game| game.outcome.score(Side::O))).collect())
        };
        let [taught, perfect] = [against(&Scripted(&teacher))?, against(&Scripted(&Perfect))?];
        let games = (2 * half).max(1) as f64;
        curves.push(step, "score_against_teacher", taught.iter().sum::<f64>() / games)?;
        let lost = perfect.iter().filter(|score| **score == 0.0).count();
        curves.push(step, "lost_to_perfect", lost as f64 / games)
    }
}
