//! As `rollouts`, in sizes at which sums are cut into blocks and caches grow.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use model::{Config, Decoder, Family, Params};
use rl::{Drawing, Layout, Problem, roll_out};

#[test]
fn long_answers_of_wide_models_have_the_bits_that_the_sampler_saw() {
    for (family, softcap) in [(Family::Llama, 0.0), (Family::Nanochat, 15.0)] {
        let config = Config {
            family,
            softcap,
            vocabulary: 300,
            context: 700,
            width: 144,
            layers: 2,
            heads: 9,
            kv_heads: 3,
            hidden: 1_536,
            ..Config::default()
        };
        let params = Params::new(3);
        let decoder = Decoder::new(&config, &params, "").unwrap();
        for (name, _) in params.vars() {
            params.update(&name, |values| values.iter_mut().for_each(|x| *x *= 2.0)).unwrap();
        }
        params.touch();
        let problem = |id: u64| Problem {
            id,
            ids: (0..500 - 37 * id).map(|at| (at * 7 % 300) as u32).collect(),
            ..Problem::default()
        };
        let problems: Vec<Problem> = (0..2).map(problem).collect();
        let drawing = Drawing { group: 3, tokens: 90, context: 700, stop: vec![0], at_once: 0, seed: 5 };
        let groups =
            roll_out(&decoder.detached(), &problems.iter().collect::<Vec<_>>(), &drawing, 0).unwrap();
        let mut layout = Layout::default();
        for group in &groups {
            layout.push(&group.prompt, &group.answers);
        }
        let trained: Vec<f32> = layout.log_probs(&decoder).unwrap().to_vec1().unwrap();
        let sampled: Vec<f32> = groups
            .iter()
            .flat_map(|group| &group.answers)
            .flat_map(|answer| answer.log_probs.clone())
            .collect();
        let first = trained.iter().zip(&sampled).position(|(a, b)| a != b);
        assert_eq!(first, None, "{family:?}: {} tokens", trained.len());
    }
}
