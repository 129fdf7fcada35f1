//! Which problems come next.

use std::collections::BTreeSet;

use model::Random;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The order in which problems are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Each once an epoch, in an order that differs every epoch.
    #[default]
    Shuffled,
    /// Those that are answered right about every other time come most often: with probability p of a right answer, a group's
    /// rewards vary by p (1 − p), and no variance teaches nothing.
    ByPassRate,
}

/// Draws problems, and remembers how often each was answered right.
///
/// What it draws follows from the seed and from what it was told: whoever tells it the same again goes on as before.
#[derive(Clone, Debug)]
pub struct Curriculum {
    order: Order,
    seed: u64,
    /// Per problem: right answers and all, older ones counting less.
    tried: Vec<(f64, f64)>,
    drawn: u64,
}

/// How much an earlier group counts beside a new one.
const MEMORY: f64 = 0.5;

/// The weight of a problem that is always or never answered right.
const LEAST: f64 = 0.02;

impl Curriculum {
    /// Of `problems` problems, at least one, which nobody has tried.
    pub fn new(order: Order, problems: usize, seed: u64) -> Self {
        Self { order, seed, tried: vec![(0.0, 0.0); problems], drawn: 0 }
    }

    /// The next `count` problems, or as many as there are besides those `asked` already; none twice.
    pub fn draw(&mut self, count: usize, asked: &BTreeSet<usize>) -> Vec<usize> {
        let count = count.min(self.tried.len() - asked.len());
        let (drawn, passed) = match self.order {
            Order::Shuffled => self.shuffled(count, asked),
            Order::ByPassRate => (self.by_pass_rate(count, asked), count as u64),
        };
        self.drawn += passed;
        drawn
    }

    /// Learns how a problem that was drawn was answered.
    pub fn learn(&mut self, problem: usize, right: usize, answers: usize) {
        let (rights, all) = &mut self.tried[problem];
        *rights = *rights * MEMORY + right as f64;
        *all = *all * MEMORY + answers as f64;
    }

    /// Goes to where it was after having drawn so many problems.
    pub fn seek(&mut self, drawn: u64) {
        self.drawn = drawn;
    }

    /// Problems drawn so far.
    pub fn drawn(&self) -> u64 {
        self.drawn
    }

    /// What comes next, and how far in the orders of epochs that goes. A round that begins in one epoch and ends in the next
    /// may meet a problem twice: it is asked once, and passed over then.
    fn shuffled(&self, count: usize, asked: &BTreeSet<usize>) -> (Vec<usize>, u64) {
        let n = self.tried.len() as u64;
        let (mut found, mut passed) = (Vec::with_capacity(count), 0);
        let mut order: (u64, Vec<usize>) = (u64::MAX, vec![]);
        while found.len() < count {
            let at = self.drawn + passed;
            passed += 1;
            let (epoch, place) = (at / n, (at % n) as usize);
            if order.0 != epoch {
                order = (epoch, (0..self.tried.len()).collect());
                Random::new(self.seed, &format!("problems of epoch {epoch}")).shuffle(&mut order.1);
            }
            let next = order.1[place];
            if !found.contains(&next) && !asked.contains(&next) {
                found.push(next);
            }
        }
        (found, passed)
    }

    /// Without replacement, each with probability in proportion to its weight (Efraimidis and Spirakis 2006).
    fn by_pass_rate(&self, count: usize, asked: &BTreeSet<usize>) -> Vec<usize> {
        let mut random = Random::new(self.seed, &format!("problems from {} on", self.drawn));
        let key = |(rights, all): &(f64, f64)| {
            let p = (rights + 1.0) / (all + 2.0);
            -libm::log(1.0 - random.uniform()) / (4.0 * p * (1.0 - p)).max(LEAST)
        };
        let mut keys: Vec<(f64, usize)> = self.tried.iter().map(key).zip(0..).collect();
        keys.retain(|(_, problem)| !asked.contains(problem));
        keys.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        keys.into_iter().take(count).map(|(_, problem)| problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Curriculum, Order};

    const NONE: BTreeSet<usize> = BTreeSet::new();

    #[test]
    fn an_epoch_asks_each_once() {
        let mut curriculum = Curriculum::new(Order::Shuffled, 12, 7);
        let mut epoch: Vec<usize> = (0..3).flat_map(|_| curriculum.draw(4, &NONE)).collect();
        let next: Vec<usize> = (0..3).flat_map(|_| curriculum.draw(4, &NONE)).collect();
        assert_ne!(epoch, next);
        epoch.sort_unstable();
        assert_eq!(epoch, (0..12).collect::<Vec<_>>());
        assert_eq!(curriculum.draw(99, &NONE).len(), 12, "there are no more");
        let rest = curriculum.draw(99, &(0..10).collect());
        assert!(rest.len() == 2 && rest.iter().all(|problem| *problem >= 10), "{rest:?}");
    }

    #[test]
    fn a_round_never_asks_the_same_twice() {
        for order in [Order::Shuffled, Order::ByPassRate] {
            let mut curriculum = Curriculum::new(order, 10, 7);
            for _ in 0..50 {
                let mut drawn = curriculum.draw(7, &NONE);
                drawn.sort_unstable();
                drawn.dedup();
                assert_eq!(drawn.len(), 7);
            }
        }
    }

    #[test]
    fn what_is_half_known_comes_most_often_and_what_was_told_again_goes_on_as_before() {
        let told = [(0, 0), (1, 8), (2, 16)];
        let tell = |curriculum: &mut Curriculum| {
            for (problem, right) in told.iter().cycle().take(30) {
                curriculum.learn(*problem, *right, 16);
            }
        };
        let mut curriculum = Curriculum::new(Order::ByPassRate, 3, 7);
        tell(&mut curriculum);
        let mut counts = [0; 3];
        for _ in 0..600 {
            counts[curriculum.draw(1, &NONE)[0]] += 1;
        }
        assert!(counts[1] > 4 * counts[0] && counts[1] > 4 * counts[2], "{counts:?}");
        assert!(counts[0] > 0 && counts[2] > 0, "nothing is given up: {counts:?}");
        let mut again = Curriculum::new(Order::ByPassRate, 3, 7);
        tell(&mut again);
        again.seek(curriculum.drawn());
        assert_eq!(again.draw(3, &NONE), curriculum.draw(3, &NONE));
    }
}
