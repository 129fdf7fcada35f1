//! Parameters that learn otherwise than the rest.

use serde::{Deserialize, Serialize};

/// A learning rate and a decay for parameters of some names.
///
/// A model of any width learns well at one learning rate of its matrices, but embedding and head want theirs (Yang et al.
/// 2022, arXiv 2203.03466, table 8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Parameters whose names contain it: `embed_tokens`, `lm_head`, `layers.0.`.
    pub names: String,
    /// Multiplies the schedule's learning rate.
    #[serde(default = "one")]
    pub rate: f64,
    /// Weight decay in place of the optimizer's rule, which decays matrices and leaves vectors.
    #[serde(default)]
    pub weight_decay: Option<f64>,
}

fn one() -> f64 {
    1.0
}

/// How one parameter learns.
pub(super) struct Pace {
    /// Its learning rate.
    pub(super) lr: f64,
    /// Its pull towards 0, as a share of the learning rate.
    pub(super) decay: f64,
}

/// The pace of a parameter: of the first group that names it, or of none. Matrices decay by `decay`, vectors do not.
pub(super) fn pace(groups: &[Group], name: &str, rank: usize, lr: f64, decay: f64) -> Pace {
    let group = groups.iter().find(|group| name.contains(&group.names));
    let usual = if rank >= 2 { decay } else { 0.0 };
    Pace {
        lr: lr * group.map_or(1.0, |group| group.rate),
        decay: group.and_then(|group| group.weight_decay).unwrap_or(usual),
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Pace, pace};

    #[test]
    fn the_first_group_that_names_a_parameter_says_how_it_learns() {
        let group = |names: &str, rate, weight_decay| Group { names: names.to_owned(), rate, weight_decay };
        let groups =
            [group("embed", 3.0, Some(0.0)), group("tokens", 5.0, None), group("norm", 1.0, Some(0.5))];
        let of = |name, rank| {
            let Pace { lr, decay } = pace(&groups, name, rank, 2.0, 0.25);
            (lr, decay)
        };
        assert_eq!(of("model.embed_tokens.weight", 2), (6.0, 0.0));
        assert_eq!(of("tokens", 2), (10.0, 0.25));
        assert_eq!(of("model.norm.weight", 1), (2.0, 0.5));
        assert_eq!(of("bias", 1), (2.0, 0.0));
    }
}
