//! `scaling-law`: how the loss falls with the size of the model.

use anyhow::Context;
use model::Config;
use pipeline::{Class, Fault, Input, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Scores, Table};

use super::power_law::PowerLaw;
use super::scores::Sheet;

/// What the scores are called.
const BENCHMARK: &str = "scaling";
/// The item that is no model: the law through all of them. A slot's name has no space.
const LAW: &str = "power law";

/// Compares models of several sizes that read the same tokens, and fits a power law to their loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScalingLaw {
    /// Names of the inputs, a checkpoint each; of two sizes at least.
    pub models: Vec<String>,
}

impl Default for ScalingLaw {
    fn default() -> Self {
        Self { models: ["small", "medium", "large"].map(str::to_owned).to_vec() }
    }
}

impl Stage for ScalingLaw {
    fn signature(&self) -> Signature {
        Signature {
            class: Class::Numeric,
            reads: self.models.iter().map(|model| Slot::new(model, "checkpoint/1")).collect(),
            writes: vec![Output::new("scores", Scores::NAME)],
            sources: &["model"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let mut names = self.models.clone();
        names.sort_unstable();
        names.dedup();
        if names.len() < self.models.len() || names.len() < 2 {
            let fault = Fault::new("a law needs two models or more, each once").on("/models");
            let fault = fault.got(format!("{:?}", self.models)).expected("names that differ");
            return Err(fault.cure("write models = [\"small\", \"medium\", \"large\"]"));
        }
        Ok(())
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let sizes = self.models.iter().map(|name| {
            let size =
                size(io.input(name)?).with_context(|| format!("cannot measure the model \"{name}\""))?;
            Ok((name.clone(), size))
        });
        let sizes = sizes.collect::<anyhow::Result<Vec<_>>>()?;
        let points: Vec<(f64, f64)> = sizes.iter().map(|(_, size)| (size.parameters, size.loss)).collect();
        let law =
            PowerLaw::fit(&points).context("no law goes through these models: are they of one size?")?;
        let mut sheet = Sheet::default();
        score(&sizes, law, &mut sheet);
        io.metric("exponent", law.exponent);
        io.count("models", sizes.len() as u64);
        sheet.finish(io, task)
    }
}

/// One model.
struct Size {
    /// Without those of embedding and head.
    parameters: f64,
    /// On held-out text at the end of training, in nats per token.
    loss: f64,
    /// Spent on training.
    flops: Option<u64>,
}

fn size(checkpoint: &Input) -> anyhow::Result<Size> {
    let (_, decoder) = model::checkpoint::load(checkpoint.directory()?)?;
    let parameters = Config { vocabulary: 0, ..decoder.config().clone() }.parameters() as f64;
    let loss = checkpoint.metric("validation_loss");
    let loss = loss.context("its training measured no loss on held-out text: hold some documents out")?;
    Ok(Size { parameters, loss, flops: checkpoint.counter("flops") })
}

/// An item a model with its `parameters`, `flops`, `loss` and what the law says of it; and the item [`LAW`].
fn score(sizes: &[(String, Size)], law: PowerLaw, sheet: &mut Sheet) {
    for (name, size) in sizes {
        sheet.figure(BENCHMARK, name, "parameters", size.parameters);
        sheet.figure(BENCHMARK, name, "loss", size.loss);
        sheet.figure(BENCHMARK, name, "fitted", law.at(size.parameters));
        if let Some(flops) = size.flops {
            sheet.figure(BENCHMARK, name, "flops", flops as f64);
        }
    }
    sheet.figure(BENCHMARK, LAW, "coefficient", law.coefficient);
    sheet.figure(BENCHMARK, LAW, "exponent", law.exponent);
}

#[cfg(test)]
mod tests {
    use pipeline::Stage;

    use super::{PowerLaw, ScalingLaw, Sheet, Size, score};

    #[test]
    fn a_law_of_one_model_is_refused() {
        let refused = |models: &[&str]| {
            ScalingLaw { models: models.iter().map(|name| (*name).to_owned()).collect() }.check().is_err()
        };
        assert!(refused(&[]) && refused(&["a"]) && refused(&["a", "a"]) && refused(&["a", "b", "a"]));
        assert!(!refused(&["a", "b"]) && ScalingLaw::default().check().is_ok());
    }

    #[test]
    fn models_stand_beside_what_the_law_says() {
        let size = |parameters, loss| Size { parameters, loss, flops: Some(7) };
        let sizes = [("a".to_owned(), size(100.0, 4.0)), ("b".to_owned(), size(10_000.0, 1.0))];
        let mut sheet = Sheet::default();
        score(&sizes, PowerLaw { coefficient: 8.0, exponent: 0.5 }, &mut sheet);
        let lines = sheet.lines();
        for line in [
            "scaling a loss 4",
            "scaling b fitted 0.08",
            "scaling b flops 7",
            "scaling power law exponent 0.5",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
