//! Answers do not depend on their company, and the trainer sees what the sampler saw.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use model::{CausalLm, Config, Decoder, Family, Loss, Objective, Params};
use rl::math::{Advantage, Aggregation, Clip, Kl, Ratio, Terms};
use rl::{Batch, Drawing, Error, Group, Layout, PolicyGradient, Problem, Rollout, Scored, roll_out};

fn config(family: Family) -> Config {
    let config = Config {
        family,
        vocabulary: 11,
        context: 32,
        width: 16,
        layers: 2,
        heads: 4,
        kv_heads: 2,
        hidden: 24,
        ..Config::default()
    };
    match family {
        Family::Gpt2 => Config { kv_heads: 4, tied: true, softcap: 0.0, ..config },
        Family::Llama => Config { softcap: 0.0, ..config },
        Family::Nanochat => config,
    }
}

fn policy(family: Family) -> (Params, Decoder) {
    let params = Params::new(3);
    let decoder = Decoder::new(&config(family), &params, "").unwrap();
    // a fresh model is all but uniform: larger weights make some tokens likely
    for (name, _) in params.vars() {
        params.update(&name, |values| values.iter_mut().for_each(|x| *x *= 3.0)).unwrap();
    }
    params.touch();
    (params, decoder)
}

fn problems() -> Vec<Problem> {
    let problem = |id: u64| Problem {
        id,
        ids: (0..2 + id % 5).map(|at| ((id * 3 + at * 7) % 11) as u32).collect(),
        ..Problem::default()
    };
    (0..12).map(problem).collect()
}

fn drawing(group: usize, at_once: usize) -> Drawing {
    Drawing { group, tokens: 20, context: 32, stop: vec![0], at_once, seed: 5 }
}

fn drawn(policy: &dyn CausalLm, group: usize, at_once: usize, step: u64) -> Vec<Group> {
    let problems = problems();
    roll_out(policy, &problems.iter().collect::<Vec<_>>(), &drawing(group, at_once), step).unwrap()
}

#[test]
fn answers_are_the_same_alone_and_together() {
    let (_, decoder) = policy(Family::Nanochat);
    let policy = decoder.detached();
    let together = drawn(&policy, 6, 0, 4);
    // some at a time, and each problem on its own
    assert_eq!(drawn(&policy, 6, 13, 4), together);
    for (problem, group) in problems().iter().zip(&together) {
        let alone = roll_out(&policy, &[problem], &drawing(6, 0), 4).unwrap();
        assert_eq!(&alone[0], group);
        let one = roll_out(&policy, &[problem], &drawing(1, 0), 4).unwrap();
        assert_eq!(one[0].answers[0], group.answers[0]);
    }
    assert_ne!(drawn(&policy, 6, 0, 5), together, "another step draws other answers");
}

#[test]
fn an_answer_ends_with_what_ended_it() {
    let (_, decoder) = policy(Family::Nanochat);
    let (mut ended, mut full) = (0, 0);
    for answer in drawn(&decoder.detached(), 16, 0, 0).iter().flat_map(|group| &group.answers) {
        assert_eq!(answer.ids.len(), answer.log_probs.len());
        assert!(answer.said().iter().all(|id| *id != 0));
        if answer.ended {
            assert_eq!(answer.ids.last(), Some(&0));
        } else {
            assert_eq!(answer.ids.len(), 20);
        }
        (ended, full) = (ended + usize::from(answer.ended), full + usize::from(!answer.ended));
    }
    assert!(ended > 20 && full > 0, "{ended} ended, {full} did not");
}

/// [`PolicyGradient`] allows 1e-4; it is the same number.
#[test]
fn the_trainer_sees_the_bits_that_the_sampler_saw() {
    for family in [Family::Gpt2, Family::Llama, Family::Nanochat] {
        let (_, decoder) = policy(family);
        let mut layout = Layout::default();
        let groups = drawn(&decoder.detached(), 5, 0, 1);
        for group in &groups {
            layout.push(&group.prompt, &group.answers);
        }
        let trained: Vec<f32> = layout.log_probs(&decoder).unwrap().to_vec1().unwrap();
        let sampled: Vec<f32> = groups
            .iter()
            .flat_map(|group| &group.answers)
            .flat_map(|answer| answer.log_probs.clone())
            .collect();
        assert_eq!(trained, sampled, "{family:?}");
        let again = rl::log_probs(&decoder.detached(), &groups.iter().collect::<Vec<_>>(), 40).unwrap();
        assert_eq!(again.concat().concat(), sampled, "{family:?}");
    }
}

/// A batch of everything that was drawn, answer `i` as much better than expected as `advantage(i)` says.
fn batch(groups: &[Group], advantage: impl Fn(usize) -> f64) -> Batch {
    let mut batch = Batch { fresh: true, ..Batch::default() };
    for (group, at) in groups.iter().zip(0..) {
        batch.layout.push(&group.prompt, &group.answers);
        for (answer, nth) in group.answers.iter().zip(at * 5..) {
            let old: Vec<f64> = answer.log_probs.iter().map(|log_prob| f64::from(*log_prob)).collect();
            let advantages = vec![advantage(nth); old.len()];
            batch.answers.push(Scored { problem: at as u64, reference: old.clone(), advantages, old });
        }
    }
    batch
}

fn gradients(params: &Params, objective: &dyn Objective<Batch>, batch: &Batch) -> (f64, Vec<f32>) {
    let Loss { mean, .. } = objective.loss(batch).unwrap();
    params.backward(&mean).unwrap();
    let gradients = params.take_gradients();
    let all = gradients.iter().flat_map(|(_, gradient)| gradient.to_vec()).collect();
    (f64::from(mean.to_scalar::<f32>().unwrap()), all)
}

/// REINFORCE as a textbook has it: cross-entropy of what was said, weighted by how good it was, one answer at a time.
#[test]
fn the_first_step_of_every_objective_is_reinforce() {
    let (params, decoder) = policy(Family::Nanochat);
    let groups = drawn(&decoder.detached(), 5, 0, 1);
    let advantage = |nth: usize| (nth % 7) as f64 - 3.0;
    let batch = batch(&groups, advantage);
    let tokens: usize = groups.iter().flat_map(|group| &group.answers).map(|answer| answer.ids.len()).sum();
    for (answer, nth) in
        groups.iter().flat_map(|group| group.answers.iter().map(move |a| (group, a))).zip(0..)
    {
        let (group, answer) = answer;
        let mut layout = Layout::default();
        layout.push(&group.prompt, [answer]);
        let weight = advantage(nth) / tokens as f64;
        let log_probs = layout.log_probs(&decoder).unwrap();
        params.backward(&(log_probs.sum_all().unwrap() * -weight).unwrap()).unwrap();
    }
    let expected: Vec<f32> = params.take_gradients().iter().flat_map(|(_, g)| g.to_vec()).collect();
    let length =
        |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    for ratio in [Ratio::Off, Ratio::Token, Ratio::Weight] {
        for kl in [Kl::K2, Kl::K3] {
            // the reference is the policy itself: no distance, and no slope
            let terms = Terms { ratio, kl, kl_weight: 0.1, ..Terms::default() };
            let (_, got) = gradients(&params, &PolicyGradient::new(&decoder, terms), &batch);
            let off = length(&mut got.iter().zip(&expected).map(|(a, b)| a - b));
            assert!(off < 1e-5 * length(&mut expected.iter().copied()), "{terms:?}: {off}");
        }
    }
}

#[test]
fn who_teaches_nothing_may_be_left_out() {
    let (params, decoder) = policy(Family::Nanochat);
    let groups = drawn(&decoder.detached(), 5, 0, 1);
    for aggregation in [Aggregation::SequenceMean, Aggregation::TokenMean, Aggregation::Constant(20)] {
        let objective = PolicyGradient::new(&decoder, Terms { aggregation, ..Terms::default() });
        // the last groups' answers are all alike
        let advantage = |nth: usize| if nth < 20 { (nth % 5) as f64 - 2.0 } else { 0.0 };
        let whole = gradients(&params, &objective, &batch(&groups, advantage));
        let mut part = batch(&groups[..4], advantage);
        let others = groups[4..].iter().flat_map(|group| &group.answers);
        part.weightless = others.map(|answer| aggregation.weight(answer.ids.len()).1).sum();
        let part = gradients(&params, &objective, &part);
        assert!((whole.0 - part.0).abs() < 1e-6, "{aggregation:?}: {} {}", whole.0, part.0);
        for (a, b) in whole.1.iter().zip(&part.1) {
            assert!((a - b).abs() < 1e-6, "{aggregation:?}: {a} {b}");
        }
    }
}

#[test]
fn another_policy_than_the_one_that_answered_is_refused() {
    let (params, decoder) = policy(Family::Nanochat);
    let groups = drawn(&decoder.detached(), 5, 0, 1);
    let mut batch = batch(&groups, |_| 1.0);
    let objective = PolicyGradient::new(&decoder, Terms { clip: Clip::default(), ..Terms::default() });
    objective.loss(&batch).unwrap();
    assert_eq!(objective.seen.borrow().difference, 0.0);
    params.update("lm_head.weight", |values| values[3] += 0.5).unwrap();
    params.touch();
    let Err(model::Error::Other(refused)) = objective.loss(&batch) else { panic!("trained off-policy") };
    assert!(matches!(refused.downcast_ref(), Some(Error::OffPolicy { .. })), "{refused}");
    // later steps over the same answers may differ
    batch.fresh = false;
    objective.loss(&batch).unwrap();
}

#[test]
fn problems_that_cannot_be_answered_are_refused_by_name() {
    let (_, decoder) = policy(Family::Nanochat);
    let refused = |ids: Vec<u32>| {
        let problem = Problem { id: 9, ids, ..Problem::default() };
        roll_out(&decoder.detached(), &[&problem], &drawing(2, 0), 0).unwrap_err()
    };
    assert!(matches!(refused(vec![]), Error::NoPrompt { problem: 9 }));
    assert!(matches!(refused(vec![1; 32]), Error::TooLong { problem: 9, tokens: 32, context: 32 }));
}

/// An answer may be nothing but its end.
#[test]
fn an_empty_answer_is_learned_from() {
    let (params, decoder) = policy(Family::Nanochat);
    let answer = Rollout { ids: vec![0], log_probs: vec![-1.0], ended: true };
    assert!(answer.said().is_empty());
    let mut batch = Batch::default();
    batch.layout.push(&[1, 2], [&answer]);
    batch.answers.push(Scored { old: vec![-1.0], advantages: vec![1.0], ..Scored::default() });
    let (_, gradient) = gradients(&params, &PolicyGradient::new(&decoder, Terms::default()), &batch);
    assert!(gradient.iter().any(|x| *x != 0.0));
    assert_eq!(Advantage::Centred.of_group(&[Some(1.0), None]), [0.0, 0.0]);
}
