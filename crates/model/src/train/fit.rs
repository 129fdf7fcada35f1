//! The training loop.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::guard::Watch;
use super::{Checkpoints, Gradients, Guard, Objective, Optimizer, Schedule};
use crate::{Batches, Error, Params, Result};

/// How long to train, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Optimizer steps of the whole run.
    pub steps: u64,
    /// Batches that one step averages over.
    pub accumulation: usize,
    /// Gradients longer than this are shortened to it (Pascanu et al. 2013, arXiv 1211.5063, algorithm 1).
    pub clip_norm: f64,
    /// The learning rate.
    pub schedule: Schedule,
    /// When the run is given up.
    pub guard: Guard,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            steps: 300,
            accumulation: 1,
            clip_norm: 1.0,
            schedule: Schedule::default(),
            guard: Guard::default(),
        }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps taken, this one included.
    pub step: u64,
    /// Mean loss over the step's batches, before the update.
    pub loss: f64,
    /// Learning rate of the step.
    pub lr: f64,
    /// Norm of the mean gradient before clipping.
    pub grad_norm: f64,
    /// What the objective counted in this step: tokens, for pretraining.
    pub weight: f64,
}

/// How a call of [`fit`] ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Steps taken in all, earlier calls' included.
    pub step: u64,
    /// The step that this call continued from; 0 for a fresh run.
    pub resumed_from: u64,
    /// The last step of this call, if it took one.
    pub last: Option<Progress>,
}

/// Trains `params` on `batches` until `plan.steps` steps are taken, the batches end, or `on_step` breaks.
///
/// With `checkpoints` it continues from the newest one, and writes them; a run that is killed and continued
/// ends with the same bits as one that is not. Evaluation, logs and stopping on a signal are `on_step`'s.
/// A loss or gradient that is not finite, or a loss that `plan.guard` calls lost, is an error that names the step and the
/// parameter: parameters and checkpoints are then as the step before left them.
pub fn fit<B: Batches>(
    params: &Params,
    batches: &mut B,
    objective: &dyn Objective<B::Batch>,
    optimizer: &mut dyn Optimizer,
    plan: &Plan,
    checkpoints: Option<&Checkpoints>,
    on_step: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Summary> {
    let resumed_from = match checkpoints {
        Some(checkpoints) => checkpoints.resume(params, optimizer, batches)?,
        None => 0,
    };
    drop(params.take_gradients()); // of a call that ended in an error
    let mut summary = Summary { step: resumed_from, resumed_from, last: None };
    let mut watch = Watch::new(&plan.guard);
    while summary.step < plan.steps {
        let Some((loss, weight, mut gradients)) =
            accumulate(params, batches, objective, summary.step, plan.accumulation)?
        else {
            break;
        };
        let lr = plan.schedule.rate(summary.step, plan.steps);
        let grad_norm = gradients.norm();
        let progress = Progress { step: summary.step + 1, loss, lr, grad_norm, weight };
        check_finite(&progress, watch.last(), &gradients)?;
        watch.look(&progress, &gradients)?;
        if grad_norm > plan.clip_norm {
            gradients.scale(plan.clip_norm / grad_norm);
        }
        optimizer.step(params, &gradients, lr)?;
        summary.step += 1;
        summary.last = Some(progress);
        let flow = on_step(&progress);
        if let Some(checkpoints) = checkpoints
            && (flow.is_break() || summary.step == plan.steps || checkpoints.is_due(summary.step))
        {
            checkpoints.save(summary.step, params, optimizer, &batches.cursor())?;
        }
        if flow.is_break() {
            break;
        }
    }
    Ok(summary)
}

/// Mean loss, total weight and mean gradient of the batches of one step, or `None` when there are no more.
fn accumulate<B: Batches>(
    params: &Params,
    batches: &mut B,
    objective: &dyn Objective<B::Batch>,
    step: u64,
    count: usize,
) -> Result<Option<(f64, f64, Gradients)>> {
    let (mut loss, mut weight, mut dealt) = (0.0, 0.0, 0);
    for _ in 0..count.max(1) {
        let Some(batch) = batches.next(step)? else { break };
        dealt += 1;
        let part = objective.loss(&batch)?;
        let mean = part.mean.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()?;
        params.backward(&part.mean.affine(part.weight, 0.0)?)?;
        loss += mean * part.weight;
        weight += part.weight;
    }
    if dealt == 0 {
        return Ok(None);
    }
    if weight == 0.0 {
        let (expected, got) = ("a target in every step".into(), format!("none in step {step}"));
        return Err(Error::Input { what: "batches", expected, got });
    }
    let mut gradients = params.take_gradients();
    gradients.scale(1.0 / weight);
    Ok(Some((loss / weight, weight, gradients)))
}

fn check_finite(now: &Progress, before: Option<&Progress>, gradients: &Gradients) -> Result<()> {
    let (what, value) = if !now.loss.is_finite() {
        ("loss".into(), now.loss)
    } else if now.grad_norm.is_finite() {
        return Ok(());
    } else {
        match gradients.first_non_finite() {
            Some((name, value)) => (format!("gradient of {name}"), value),
            None => ("norm of all gradients".into(), now.grad_norm),
        }
    };
    let before = match before {
        Some(Progress { loss, grad_norm, .. }) => format!("loss {loss:.4}, gradient norm {grad_norm:.3}"),
        None => "nothing, it is the first of this call".into(),
    };
    Err(Error::NonFinite { step: now.step, what, value, lr: now.lr, before })
}
