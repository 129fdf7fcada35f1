//! Stopping a run that does not learn, with what was seen and what helps.
//!
//! The commonest failures of reinforcement learning are silent: rewards that are all 0 give a loss of 0, and a run looks
//! healthy for hours. Every guard compares one figure of a round with a bound, and stops after `patience` rounds on end.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What ends a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guards {
    /// Rounds on end that are beyond a bound and end the run; 0 for no guards.
    #[schemars(extend("unit" = "rounds"))]
    pub patience: usize,
    /// The largest share of groups whose rewards are all equal. Where most answers are right there is nothing left to learn,
    /// which is no failure.
    pub zero_variance: f64,
    /// The smallest share of groups that hold a right answer: without one there is nothing to make likelier.
    pub right_in_group: f64,
    /// The largest share of answers that ran out of room.
    pub truncated: f64,
    /// The least entropy, where not nearly all answers are right.
    #[schemars(extend("unit" = "nats per token"))]
    pub entropy: f64,
    /// The furthest distance from the model that training began with; 0 for any.
    #[schemars(extend("unit" = "nats per token"))]
    pub kl: f64,
    /// How far the share of right answers on held-out problems may fall below its best while rewards rise; 0 for any.
    pub held_out_fall: f64,
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            patience: 10,
            zero_variance: 0.9,
            right_in_group: 0.5,
            truncated: 0.5,
            entropy: 0.01,
            kl: 0.0,
            held_out_fall: 0.1,
        }
    }
}

/// A run that was stopped, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "round {round}: {diagnosis} ({figure} was {measured:.4} for {rounds} rounds, the bound is {bound}); {cure}"
)]
pub struct Stopped {
    /// The last round.
    pub round: u64,
    /// The figure that was beyond its bound.
    pub figure: &'static str,
    /// Its last value.
    pub measured: f64,
    /// Its bound.
    pub bound: f64,
    /// Rounds on end.
    pub rounds: usize,
    /// What that means.
    pub diagnosis: &'static str,
    /// What helps.
    pub cure: &'static str,
}

/// Looks at rounds as they come.
#[derive(Clone, Debug)]
pub struct Watch {
    guards: Guards,
    /// Rounds on end beyond each bound.
    beyond: BTreeMap<&'static str, usize>,
    /// Best share of right answers on held-out problems, and the reward then.
    best: Option<(f64, f64)>,
}

/// Where so many answers are right, equal rewards and low entropy are success.
const SOLVED: f64 = 0.9;

impl Watch {
    /// Nothing was seen yet.
    pub fn new(guards: &Guards) -> Self {
        Self { guards: guards.clone(), beyond: BTreeMap::new(), best: None }
    }

    /// Looks at the figures of a round.
    ///
    /// # Errors
    /// [`Stopped`] when a figure was beyond its bound for long enough.
    pub fn look(&mut self, round: u64, figures: &BTreeMap<String, f64>) -> Result<(), Stopped> {
        let guards = self.guards.clone();
        let of = |name: &str| figures.get(name).copied();
        let solved = of("right").is_some_and(|right| right >= SOLVED);
        let above = |name: &'static str, bound: f64| of(name).filter(|value| *value > bound);
        let below = |name: &'static str, bound: f64| of(name).filter(|value| *value < bound);
        let seen = [
            (
                "right_in_group",
                guards.right_in_group,
                below("right_in_group", guards.right_in_group),
                "most groups hold no right answer, so there is nothing to make likelier",
                "train longer on solutions first, ask easier problems, or draw larger groups",
            ),
            (
                "zero_variance",
                guards.zero_variance,
                above("zero_variance", guards.zero_variance).filter(|_| !solved),
                "rewards are equal within nearly all groups, so there is nothing to learn",
                "read a few answers and their rewards; ask problems that are answered right every other time \
                 (`order = \"by-pass-rate\"`), or draw larger groups",
            ),
            (
                "truncated",
                guards.truncated,
                above("truncated", guards.truncated),
                "most answers run out of room, so that what they would have said gets no reward",
                "raise `tokens`, or train on shorter solutions first",
            ),
            (
                "entropy",
                guards.entropy,
                below("entropy", guards.entropy).filter(|_| !solved),
                "the policy says nearly always the same, so it finds nothing new",
                "lower the learning rate, raise `clip.high`, or add a distance from the reference (`kl_weight`)",
            ),
            (
                "kl",
                guards.kl,
                above("kl", guards.kl).filter(|_| guards.kl > 0.0),
                "the policy went further from the model that it began as than it may",
                "raise `kl_weight`, lower the learning rate, or stop earlier",
            ),
        ];
        for (figure, bound, measured, diagnosis, cure) in seen {
            let rounds = self.beyond.entry(figure).or_default();
            let Some(measured) = measured else {
                *rounds = 0;
                continue;
            };
            *rounds += 1;
            if guards.patience > 0 && *rounds >= guards.patience {
                return Err(Stopped { round, figure, measured, bound, rounds: *rounds, diagnosis, cure });
            }
        }
        Ok(())
    }

    /// Looks at the share of right answers on held-out problems, beside the reward of the round before.
    ///
    /// # Errors
    /// [`Stopped`] where rewards rose while it fell.
    pub fn look_at_held_out(&mut self, round: u64, right: f64, reward: f64) -> Result<(), Stopped> {
        let bound = self.guards.held_out_fall;
        let (best, then) = self.best.unwrap_or((right, reward));
        if bound > 0.0 && self.guards.patience > 0 && right < best - bound && reward > then {
            return Err(Stopped {
                round,
                figure: "validation_right",
                measured: right,
                bound: best - bound,
                rounds: 1,
                diagnosis: "rewards rise while held-out problems are answered worse: the policy learned to please the reward",
                cure: "read some answers, mend the reward, or stop at the best measurement",
            });
        }
        if right >= best {
            self.best = Some((right, reward));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Guards, Stopped, Watch};

    fn healthy() -> BTreeMap<String, f64> {
        let figures = [
            ("right", 0.4),
            ("right_in_group", 0.9),
            ("zero_variance", 0.2),
            ("truncated", 0.0),
            ("entropy", 0.4),
            ("kl", 0.1),
        ];
        figures.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// After how many rounds of these figures the run is stopped.
    fn stopped(changes: &[(&str, f64)]) -> Option<Stopped> {
        let mut watch = Watch::new(&Guards { patience: 3, kl: 0.5, ..Guards::default() });
        let mut figures = healthy();
        figures.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), *value)));
        (1..=9).find_map(|round| watch.look(round, &figures).err())
    }

    #[test]
    fn every_guard_stops_a_run_that_stays_beyond_its_bound() {
        assert_eq!(stopped(&[]), None);
        for (figure, value) in [
            ("right_in_group", 0.3),
            ("zero_variance", 0.95),
            ("truncated", 0.6),
            ("entropy", 0.001),
            ("kl", 0.9),
        ] {
            let stopped = stopped(&[(figure, value)]).unwrap();
            assert_eq!((stopped.figure, stopped.round, stopped.rounds), (figure, 3, 3));
            assert!(stopped.to_string().contains(figure), "{stopped}");
        }
    }

    #[test]
    fn success_is_no_failure() {
        assert_eq!(stopped(&[("zero_variance", 1.0), ("entropy", 0.0), ("right", 0.97)]), None);
    }

    #[test]
    fn one_good_round_begins_anew_and_without_patience_nothing_stops() {
        let mut watch = Watch::new(&Guards { patience: 2, ..Guards::default() });
        let (good, mut bad) = (healthy(), healthy());
        bad.insert("truncated".to_owned(), 0.9);
        for (round, figures) in (1..).zip([&bad, &good, &bad, &good]) {
            watch.look(round, figures).unwrap();
        }
        let mut watch = Watch::new(&Guards { patience: 0, ..Guards::default() });
        assert!((1..99).all(|round| watch.look(round, &bad).is_ok()));
    }

    #[test]
    fn rewards_that_rise_while_held_out_answers_worsen_are_noticed() {
        let mut watch = Watch::new(&Guards::default());
        for (right, reward) in [(0.4, 0.4), (0.5, 0.5), (0.45, 0.6), (0.35, 0.45)] {
            watch.look_at_held_out(1, right, reward).unwrap();
        }
        let stopped = watch.look_at_held_out(2, 0.35, 0.7).unwrap_err();
        assert!((stopped.bound - 0.4).abs() < 1e-12 && stopped.measured == 0.35);
    }
}
