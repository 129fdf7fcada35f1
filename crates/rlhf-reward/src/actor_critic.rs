//! A policy and its critic as the parameters of one training.

use std::collections::BTreeMap;

use candle_core::Tensor;
use model::{Config, Decoder, Params};

use crate::Result;
use crate::folder::Folder;
use crate::reward_model::{HEAD, head};

/// What the names of the critic's parameters begin with.
const CRITIC: &str = "critic.";

/// A policy under its own names, and a critic under `critic.`.
pub struct ActorCritic {
    /// All parameters.
    pub params: Params,
    /// The policy.
    pub actor: Decoder,
    /// The critic's body.
    pub critic: Decoder,
    /// The critic's head, `[1, D]`.
    pub head: Tensor,
}

impl ActorCritic {
    /// The critic begins as the reward model (Ouyang et al. 2022, arXiv 2203.02155, appendix C.4), or as the policy with a head
    /// drawn from `seed` where there is none.
    pub fn begin(policy: &Params, config: &Config, liked: Option<&Folder>, seed: u64) -> Result<Self> {
        let mut tensors: BTreeMap<String, Tensor> = under("", policy).collect();
        let critic_config = liked.map_or(config, |liked| liked.body.config());
        if let Some(liked) = liked {
            tensors.extend(under(CRITIC, &liked.params));
        } else {
            tensors.extend(under(CRITIC, policy));
            let new = head(&Params::new(seed), config.width)?.detach();
            tensors.insert(format!("{CRITIC}{HEAD}"), new);
        }
        let params = Params::from_tensors(tensors);
        let actor = Decoder::new(config, &params, "")?;
        let critic = Decoder::new(critic_config, &params, CRITIC)?;
        let zero = model::Initial::Constant(0.0);
        let head = params.get(&format!("{CRITIC}{HEAD}"), (1, critic_config.width), zero)?;
        params.check_all_used()?;
        Ok(Self { params, actor, critic, head })
    }

    /// The policy of such parameters, copied.
    pub fn actor_alone(params: &Params, config: &Config) -> Result<Params> {
        let own = under("", params).filter(|(name, _)| !name.starts_with(CRITIC));
        let copied = own.map(|(name, tensor)| Ok((name, tensor.copy()?)));
        let alone = Params::from_tensors(copied.collect::<candle_core::Result<_>>()?);
        Decoder::new(config, &alone, "")?;
        alone.check_all_used()?;
        Ok(alone)
    }
}

/// The tensors of a model, with `prefix` before their names.
fn under<'a>(prefix: &'a str, params: &Params) -> impl Iterator<Item = (String, Tensor)> + use<'a> {
    params.vars().into_iter().map(move |(name, var)| (format!("{prefix}{name}"), var.as_detached_tensor()))
}
