//! The objective as training knows it: a batch of answers, and the loss as a graph.

use std::cell::RefCell;

use candle_core::Tensor;
use model::{CausalLm, Loss, Objective};

use crate::math::{Row, Surrogate, Terms};
use crate::{Error, Layout, Result};

/// One answer of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// The problem's number.
    pub problem: u64,
    /// log π of its tokens when it was drawn.
    pub old: Vec<f64>,
    /// The same under the reference; empty where there is none.
    pub reference: Vec<f64>,
    /// How much better than expected each token was.
    pub advantages: Vec<f64>,
}

/// Answers to learn from, as many as fit.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Their tokens.
    pub layout: Layout,
    /// What is known of each answer, in the order of the layout.
    pub answers: Vec<Scored>,
    /// What answers that are left out because they have no slope would have added to the weight.
    pub weightless: f64,
    /// Whether the weights are still those that the answers were drawn with.
    pub fresh: bool,
}

/// Policy gradients of any kind: [`Terms`] says which.
///
/// The loss of a batch is known with its slope at every token (`math`), so that tensors see a linear function of log π with
/// the same value and the same gradient.
pub struct PolicyGradient<'a> {
    /// Who learns.
    pub model: &'a dyn CausalLm,
    /// What is minimised.
    pub terms: Terms,
    /// How far log π of trainer and sampler may be apart on answers that were just drawn.
    pub allowed: f64,
    /// Sums over the batches since somebody last took them.
    pub seen: RefCell<Seen>,
}

/// What [`PolicyGradient`] saw of batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Tokens.
    pub tokens: usize,
    /// Tokens whose ratio was cut off below, and above.
    pub clipped: [usize; 2],
    /// Sum over tokens of the distance from the reference (k3), in nats.
    pub kl: f64,
    /// The largest |log π − log π_old| of answers that were just drawn.
    pub difference: f64,
}

impl<'a> PolicyGradient<'a> {
    /// An objective that refuses answers whose log-probabilities differ by more than 1e-4.
    pub fn new(model: &'a dyn CausalLm, terms: Terms) -> Self {
        Self { model, terms, allowed: 1e-4, seen: RefCell::default() }
    }

    fn surrogate(&self, batch: &Batch, new: &[f64]) -> Result<Surrogate> {
        let mut rows = vec![];
        let mut rest = new;
        for answer in &batch.answers {
            let (own, others) = rest.split_at(answer.old.len());
            rows.push(Row {
                new: own,
                old: &answer.old,
                reference: &answer.reference,
                advantages: &answer.advantages,
            });
            rest = others;
        }
        if batch.fresh {
            self.check(batch, &rows)?;
        }
        Ok(self.terms.of(&rows))
    }

    /// Refuses to train another policy than the one that answered.
    fn check(&self, batch: &Batch, rows: &[Row<'_>]) -> Result<()> {
        for (answer, row) in batch.answers.iter().zip(rows) {
            let far = row.new.iter().zip(row.old).find(|(new, old)| (*new - *old).abs() > self.allowed);
            if let Some((&trained, &sampled)) = far {
                let (problem, allowed) = (answer.problem, self.allowed);
                return Err(Error::OffPolicy { problem, trained, sampled, allowed });
            }
        }
        Ok(())
    }
}

impl Objective<Batch> for PolicyGradient<'_> {
    fn loss(&self, batch: &Batch) -> model::Result<Loss> {
        let new = batch.layout.log_probs(self.model)?;
        let values: Vec<f64> = new.to_vec1::<f32>()?.into_iter().map(f64::from).collect();
        let found = self.surrogate(batch, &values)?;
        {
            let mut seen = self.seen.borrow_mut();
            seen.tokens += found.tokens;
            seen.clipped[0] += found.clipped_low;
            seen.clipped[1] += found.clipped_high;
            seen.kl += found.kl;
            if batch.fresh {
                seen.difference = seen.difference.max(found.furthest);
            }
        }
        // who is left out has a value of 0 and still counts
        let share = found.weight / (found.weight + batch.weightless);
        let slopes: Vec<f32> = found.slopes.iter().map(|slope| (slope * share) as f32).collect();
        let linear = (&new * Tensor::new(&slopes[..], new.device())?)?.sum_all()?;
        let constant = found.value * share - f64::from(linear.to_scalar::<f32>()?);
        Ok(Loss { mean: linear.affine(1.0, constant)?, weight: found.weight + batch.weightless })
    }
}
