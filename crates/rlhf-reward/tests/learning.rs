//! Models that learn from preferences, in sizes at which everything can be checked.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::cell::{Cell, RefCell};

use candle_core::Tensor;
use model::{AdamW, Cache, CausalLm, Config, Decoder, Input, Loss, Objective, Optimizer, Params, Result};
use rl::math::Terms;
use rl::{Batch, Layout, PolicyGradient, Rollout, Scored};
use rlhf_reward::math::{Direct, ranking};
use rlhf_reward::{
    Critic, CriticSeen, Dpo, Frozen, FrozenModel, Pair, PairBatch, Ppo, PpoBatch, Preference,
    PreferenceModel, Ranked, RankingBatch, RewardModel, head, log_probs, pairs,
};

fn body(seed: u64) -> (Params, Decoder) {
    let config = Config {
        vocabulary: 12,
        context: 24,
        width: 16,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        hidden: 24,
        ..Config::default()
    };
    let params = Params::new(seed);
    let decoder = Decoder::new(&config, &params, "").unwrap();
    for (name, _) in params.vars() {
        params.update(&name, |values| values.iter_mut().for_each(|x| *x *= 2.0)).unwrap();
    }
    (params, decoder)
}

/// Counts the places that a model computes.
struct Counting<'a>(&'a Decoder, Cell<usize>);

impl CausalLm for Counting<'_> {
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor> {
        self.1.set(self.1.get() + input.ids.elem_count());
        self.0.hidden(input, cache)
    }

    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        self.0.logits(hidden)
    }
}

/// Of two answers the one with more threes is better; who has as many is as good.
fn preference(id: u64) -> Preference {
    let mut random = model::Random::new(7, &format!("preference {id}"));
    let mut answer =
        || -> Vec<u32> { (0..3 + random.below(4)).map(|_| 1 + random.below(5) as u32).chain([0]).collect() };
    let answers: Vec<Vec<u32>> = (0..4).map(|_| answer()).collect();
    let threes = |answer: &Vec<u32>| -(answer.iter().filter(|id| **id == 3).count() as i32);
    Preference {
        id,
        prompt: vec![7, 8, (id % 3) as u32 + 8],
        ranks: answers.iter().map(threes).collect(),
        answers,
        margins: None,
    }
}

fn learnable() -> impl Iterator<Item = Preference> {
    (0..).map(preference).filter(|preference| preference.check(24).is_ok())
}

#[test]
fn every_answer_of_a_ranking_is_read_once_with_one_prompt() {
    let (params, decoder) = body(1);
    let counting = Counting(&decoder, Cell::new(0));
    let reward = RewardModel { body: &counting, head: head(&params, 16).unwrap() };
    let objective = Ranked { reward, centring: 0.0, seen: RefCell::default() };
    let (mut batch, mut tokens) = (RankingBatch::default(), 0);
    for preference in learnable().take(5) {
        tokens += preference.prompt.len() + preference.answers.iter().map(Vec::len).sum::<usize>();
        batch.push(&preference);
    }
    let Loss { mean, weight } = objective.loss(&batch).unwrap();
    assert_eq!(counting.1.get(), tokens, "six pairs of four answers, and four passes");
    assert_eq!(weight, 5.0);
    // and it is the mean over the rankings
    let alone = learnable().take(5).map(|preference| {
        let answers: Vec<&[u32]> = preference.answers.iter().map(Vec::as_slice).collect();
        let scores = objective.reward.score(&preference.prompt, &answers).unwrap();
        ranking(&scores, &preference.ranks, None, 0.0).value
    });
    let expected = alone.sum::<f64>() / 5.0;
    assert!((f64::from(mean.to_scalar::<f32>().unwrap()) - expected).abs() < 1e-6);
}

/// As many passes as answers, however many pairs they make.
#[test]
fn a_ranking_of_k_takes_k_passes() {
    let (params, decoder) = body(1);
    let counting = Counting(&decoder, Cell::new(0));
    let reward = RewardModel { body: &counting, head: head(&params, 16).unwrap() };
    let objective = Ranked { reward, centring: 0.0, seen: RefCell::default() };
    for k in 2..=9_usize {
        let answer = |at: usize| vec![3 + (at % 3) as u32, 1 + (at / 3) as u32, 0];
        let preference = Preference {
            prompt: vec![7, 8],
            answers: (0..k).map(answer).collect(),
            ranks: (1..=k as i32).collect(),
            ..Preference::default()
        };
        let mut batch = RankingBatch::default();
        batch.push(&preference);
        counting.1.set(0);
        objective.loss(&batch).unwrap();
        assert_eq!(counting.1.get(), 2 + 3 * k);
        assert_eq!(objective.seen.take().0, k * (k - 1) / 2);
    }
}

#[test]
fn scores_are_the_same_alone_and_together() {
    let (params, decoder) = body(1);
    let reward = RewardModel { body: &decoder, head: head(&params, 16).unwrap() };
    for preference in learnable().take(5) {
        let answers: Vec<&[u32]> = preference.answers.iter().map(Vec::as_slice).collect();
        let together = reward.score(&preference.prompt, &answers).unwrap();
        for (answer, together) in answers.iter().zip(&together) {
            assert_eq!(reward.score(&preference.prompt, &[answer]).unwrap(), [*together]);
        }
    }
    // an answer that says nothing is judged by its prompt
    assert_eq!(reward.score(&[7, 8], &[&[]]).unwrap(), reward.score(&[7], &[&[8]]).unwrap());
}

#[test]
fn a_reward_model_learns_what_is_liked() {
    let (params, decoder) = body(1);
    let reward = RewardModel { body: &decoder, head: head(&params, 16).unwrap() };
    let objective = Ranked { reward, centring: 0.001, seen: RefCell::default() };
    let mut optimizer = AdamW::default();
    let mut data = learnable();
    for _ in 0..60 {
        let mut batch = RankingBatch::default();
        data.by_ref().take(8).for_each(|preference| batch.push(&preference));
        params.backward(&objective.loss(&batch).unwrap().mean).unwrap();
        optimizer.step(&params, &params.take_gradients(), 5e-3).unwrap();
    }
    objective.seen.take();
    let mut unseen = RankingBatch::default();
    data.by_ref().take(50).for_each(|preference| unseen.push(&preference));
    objective.loss(&unseen).unwrap();
    let (pairs, right) = objective.seen.take();
    assert!(right / pairs as f64 > 0.9, "{right} of {pairs}");
}

#[test]
fn without_a_reward_model_the_better_answer_becomes_likelier() {
    for direct in [Direct::Sigmoid { wrong_labels: 0.0 }, Direct::Ipo, Direct::Hinge] {
        let (params, decoder) = body(1);
        let (_, reference) = body(1);
        let mut optimizer = AdamW::default();
        let objective = Dpo { policy: &decoder, direct, beta: 0.1, seen: RefCell::default() };
        let of =
            |skip: usize| -> Vec<Pair> { learnable().skip(skip).take(6).flat_map(|of| pairs(&of)).collect() };
        let mut first = None;
        for step in 0..30 {
            let mut batch = PairBatch::default();
            for pair in of(step * 6) {
                batch.push(&pair, log_probs(&reference, &pair).unwrap());
            }
            let loss = objective.loss(&batch).unwrap();
            first.get_or_insert(loss.mean.to_scalar::<f32>().unwrap());
            params.backward(&loss.mean).unwrap();
            optimizer.step(&params, &params.take_gradients(), 3e-3).unwrap();
        }
        objective.seen.take();
        let mut unseen = PairBatch::default();
        for pair in of(1_000) {
            unseen.push(&pair, log_probs(&reference, &pair).unwrap());
        }
        let last = objective.loss(&unseen).unwrap().mean.to_scalar::<f32>().unwrap();
        let (pairs, right) = objective.seen.take();
        assert!(last < first.unwrap() && right * 10 > pairs * 7, "{direct:?}: {last}, {right} of {pairs}");
    }
}

/// At the beginning policy and reference are one: −log σ(0), and half of β as the slope of each answer.
#[test]
fn direct_optimisation_begins_at_log_two() {
    let (params, decoder) = body(1);
    let objective = Dpo {
        policy: &decoder,
        direct: Direct::Sigmoid { wrong_labels: 0.0 },
        beta: 0.2,
        seen: RefCell::default(),
    };
    let pair = pairs(&learnable().next().unwrap()).remove(0);
    let mut batch = PairBatch::default();
    batch.push(&pair, log_probs(&decoder, &pair).unwrap());
    let loss = objective.loss(&batch).unwrap().mean;
    assert!((loss.to_scalar::<f32>().unwrap() - std::f32::consts::LN_2).abs() < 1e-6);
    params.backward(&loss).unwrap();
    let got = params.take_gradients();
    for (answer, sign) in pair.answers.iter().zip([-1.0, 1.0]) {
        let mut layout = Layout::default();
        layout.push(&pair.prompt, &[Rollout { ids: answer.clone(), ..Rollout::default() }]);
        let sum = layout.log_probs(&decoder).unwrap().sum_all().unwrap();
        params.backward(&(sum * (sign * 0.5 * 0.2)).unwrap()).unwrap();
    }
    for (name, expected) in params.take_gradients().iter() {
        for (a, b) in got.get(name).unwrap().iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{name}: {a} {b}");
        }
    }
}

#[test]
fn a_policy_and_its_critic_learn_at_once_and_apart() {
    let (policy_params, policy) = body(1);
    let (critic_params, critic) = body(2);
    let critic_head = head(&critic_params, 16).unwrap();
    let answer = Rollout { ids: vec![3, 4, 0], ..Rollout::default() };
    let mut answers = Batch::default();
    answers.layout.push(&[7, 8], [&answer]);
    answers.answers.push(Scored {
        old: vec![-2.0; 3],
        advantages: vec![1.0, -0.5, 0.25],
        ..Scored::default()
    });
    let objective = Ppo {
        policy: PolicyGradient::new(&policy, Terms::default()),
        critic: Critic { body: &critic, head: critic_head },
        value_weight: 0.5,
        value_range: 0.2,
        pretraining_weight: 0.0,
        seen: RefCell::default(),
    };
    let guesses: Vec<f32> = objective.critic.values(&answers.layout).unwrap().to_vec1().unwrap();
    let alone = objective.policy.loss(&answers).unwrap().mean.to_scalar::<f32>().unwrap();
    let old_values: Vec<f64> = guesses.iter().map(|guess| f64::from(*guess)).collect();
    let returns: Vec<f64> = old_values.iter().map(|value| value + 0.1).collect();
    let batch = PpoBatch { answers, old_values, returns, pretraining: None };
    let loss = objective.loss(&batch).unwrap().mean;
    // the critic is 0.1 away everywhere: ½ · 0.01, half of that
    assert!((loss.to_scalar::<f32>().unwrap() - alone - 0.0025).abs() < 1e-5);
    policy_params.backward(&loss).unwrap();
    critic_params.backward(&loss).unwrap();
    for params in [&policy_params, &critic_params] {
        assert!(params.take_gradients().norm() > 0.0);
    }
    let CriticSeen { tokens, clipped, squared_error, .. } = objective.seen.take();
    assert_eq!((tokens, clipped), (3, 0));
    assert!((squared_error - 0.03).abs() < 1e-5);
}

/// A body that does not learn needs to be read once: its head learns the same from states as from tokens.
#[test]
fn a_frozen_body_is_read_once_and_says_the_same() {
    let (params, decoder) = body(1);
    let head = head(&params, 16).unwrap();
    let preferences: Vec<_> = learnable().take(5).collect();
    let twice = preferences.iter().chain(&preferences);
    let frozen = Frozen::read(&decoder.detached(), twice, 40).unwrap();
    let reward = RewardModel { body: &decoder, head: head.clone() };
    let cached = FrozenModel { frozen: &frozen, head: head.detach() };
    let mut batches = [RankingBatch::default(), RankingBatch::default()];
    for preference in &preferences {
        let answers: Vec<&[u32]> = preference.answers.iter().map(Vec::as_slice).collect();
        let expected = reward.score(&preference.prompt, &answers).unwrap();
        assert_eq!(cached.score(&preference.prompt, &answers).unwrap(), expected);
        for batch in &mut batches {
            batch.push(preference);
        }
    }
    let asked =
        preferences.iter().flat_map(|of| of.answers.iter().map(|answer| (&of.prompt[..], &answer[..])));
    batches[1].hidden = Some(frozen.of(asked).unwrap());
    let objective = Ranked { reward, centring: 0.01, seen: RefCell::default() };
    let [free, cached] = batches.map(|batch| {
        params.backward(&objective.loss(&batch).unwrap().mean).unwrap();
        params.take_gradients()
    });
    assert_eq!(free.get("score.weight"), cached.get("score.weight"));
    assert_eq!(cached.iter().count(), 1, "only the head has a slope");
}
