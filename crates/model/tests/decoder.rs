//! The decoder against a naive one, its cache against a full pass, and wrong inputs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Tensor};
use common::{ids, kinds, largest_difference, random_decoder, tiny};
use model::{
    CausalLm, Config, Decoder, Decoding, Draw, Error, Greedy, Input, Limits, Params, Prompt, Result, Trace,
    generate,
};

/// Attention rows sum to 1 and look at nothing that comes later; layers are shown in order.
#[test]
fn attention_is_causal() {
    struct Check {
        layers: Vec<usize>,
    }
    impl Trace for Check {
        fn attention(&mut self, _: usize, probabilities: &Tensor) -> Result<()> {
            let (b, h, t, s) = probabilities.dims4()?;
            assert_eq!((b, h, t, s), (1, 4, 5, 5));
            for (row, seen) in probabilities.reshape((h * t, s))?.to_vec2::<f32>()?.iter().enumerate() {
                let at = row % t;
                assert!((seen.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                assert!(seen[at + 1..].iter().all(|&p| p == 0.0));
            }
            Ok(())
        }
        fn layer(&mut self, layer: usize, residual: &Tensor) -> Result<()> {
            assert_eq!(residual.dims(), [1, 5, 16]);
            self.layers.push(layer);
            Ok(())
        }
    }
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let mut check = Check { layers: Vec::new() };
    decoder.hidden_traced(&Input::new(&ids(&[&[1, 2, 3, 4, 5]])), &mut check).unwrap();
    assert_eq!(check.layers, [0, 1]);
}

/// After the last layer the lens shows the model's own prediction, in every kind of decoder.
#[test]
fn the_lens_ends_at_the_prediction() {
    #[derive(Default)]
    struct Last(Option<Tensor>);
    impl Trace for Last {
        fn attention(&mut self, _: usize, _: &Tensor) -> Result<()> {
            Ok(())
        }
        fn layer(&mut self, _: usize, residual: &Tensor) -> Result<()> {
            self.0 = Some(residual.clone());
            Ok(())
        }
    }
    for config in kinds() {
        let (_, decoder) = random_decoder(&config, DType::F32);
        let (ids, mut last) = (ids(&[&[1, 2, 3, 4, 5]]), Last::default());
        let hidden = decoder.hidden_traced(&Input::new(&ids), &mut last).unwrap();
        let seen = decoder.lens(&last.0.unwrap()).unwrap();
        assert_eq!(seen.dims(), [1, 5, config.vocabulary]);
        assert_eq!(largest_difference(&seen, &decoder.logits(&hidden).unwrap()), 0.0, "{config:?}");
        let fused = decoder.logits(&decoder.hidden(&Input::new(&ids), None).unwrap()).unwrap();
        assert!(largest_difference(&seen, &fused) < 1e-4, "{config:?}");
    }
}

/// Blocks hold all parameters, those that a model really has, and all work of the way forward.
#[test]
fn blocks_add_up() {
    for config in kinds() {
        let blocks = config.blocks(config.context);
        let parameters: usize = blocks.iter().map(|block| block.parameters).sum();
        let params = Params::new(1);
        Decoder::new(&config, &params, "").unwrap();
        assert_eq!((parameters, parameters), (config.parameters(), params.count()), "{config:?}");
        let flops: f64 = blocks.iter().map(|block| block.flops).sum();
        assert_eq!(flops, config.flops_per_token() / 3.0, "{config:?}");
        let alone: f64 = config.blocks(0).iter().map(|block| block.flops).sum();
        assert_eq!(flops - alone, (4 * config.layers * config.width * config.context) as f64);
    }
}

/// Rows of unequal length, fed in two parts through a cache that is forked in between.
#[test]
fn cached_forward_equals_full_forward() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let full = decoder.hidden(&Input::new(&ids(&[&[4, 9, 1, 17, 3, 8, 2]])), None).unwrap().get(0).unwrap();
    let mut cache = decoder.cache(2).unwrap();
    let first = ids(&[&[6, 6, 0, 0, 0], &[4, 9, 1, 17, 3]]);
    let lengths = [2, 5];
    decoder.hidden(&Input { lengths: Some(&lengths), ..Input::new(&first) }, Some(&mut *cache)).unwrap();
    assert_eq!(cache.lengths(), [2, 5]);
    let mut cache = cache.fork(&[1, 0, 1]).unwrap();
    let rest = ids(&[&[8, 2], &[7, 7], &[8, 2]]);
    let hidden = decoder.hidden(&Input::new(&rest), Some(&mut *cache)).unwrap();
    assert_eq!(cache.lengths(), [7, 4, 7]);
    for row in [0, 2] {
        let got = hidden.get(row).unwrap();
        assert!(largest_difference(&got, &full.narrow(0, 5, 2).unwrap()) < 1e-5);
    }
    let other = decoder.hidden(&Input::new(&ids(&[&[6, 6, 7, 7]])), None).unwrap().get(0).unwrap();
    assert!(largest_difference(&hidden.get(1).unwrap(), &other.narrow(0, 2, 2).unwrap()) < 1e-5);
}

/// The oracle: no cache, no batch, everything computed anew for every token.
#[test]
fn generation_equals_the_naive_way() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let prompts: Vec<Prompt> =
        [vec![1, 2, 3], vec![9], vec![4, 4, 4, 4, 4, 4]].map(|ids| Prompt { ids, seed: 1 }).into();
    let limits = Limits { new_tokens: 8, context: 16, stop: vec![22], ..Limits::default() };
    let completions = generate(&decoder, &prompts, &Greedy, &limits).unwrap();
    for (prompt, completion) in prompts.iter().zip(&completions) {
        let mut naive = prompt.ids.clone();
        let mut stopped_by = None;
        for _ in 0..8 {
            let hidden = decoder.hidden(&Input::new(&ids(&[&naive])), None).unwrap();
            let last = hidden.get(0).unwrap().get(naive.len() - 1).unwrap().unsqueeze(0).unwrap();
            let logits = decoder.logits(&last).unwrap().get(0).unwrap();
            let id = logits.argmax(0).unwrap().to_scalar::<u32>().unwrap();
            if id == 22 {
                stopped_by = Some(id);
                break;
            }
            naive.push(id);
        }
        assert_eq!(completion.ids, naive[prompt.ids.len()..]);
        assert_eq!(completion.stopped_by, stopped_by);
    }
}

#[test]
fn a_row_draws_the_same_whatever_stands_beside_it() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let draw = Draw { temperature: 0.9, top_k: 12, top_p: 0.9, ..Draw::default() };
    let limits = Limits { new_tokens: 20, context: 16, ..Limits::default() };
    let prompt = Prompt { ids: vec![3, 1], seed: 42 };
    let others =
        [Prompt { ids: vec![9, 9, 9, 9], seed: 1 }, prompt.clone(), Prompt { ids: vec![5], seed: 2 }];
    let together = generate(&decoder, &others, &draw, &limits).unwrap();
    let alone = generate(&decoder, &[prompt], &draw, &limits).unwrap();
    assert_eq!(together[1], alone[0]);
    // 16 positions hold a prompt of 2 and 14 new tokens; the next would be the first to lie outside
    assert_eq!(alone[0].ids.len(), 15);
}

/// Rows come and go at any step; each is what it would be alone, its log-probabilities to the bit.
#[test]
fn rows_join_and_leave_and_nobody_else_notices() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let draw = Draw { temperature: 0.8, min_p: 0.02, ..Draw::default() };
    let limits = |new_tokens| Limits { new_tokens, context: 16, stop: vec![22], alternatives: 3 };
    let prompt = |ids: &[u32], seed| Prompt { ids: ids.to_vec(), seed };
    let joins = [
        (0, prompt(&[3, 1], 1), 9),
        (0, prompt(&[3, 1], 2), 4),
        (2, prompt(&[5, 6, 7, 8, 9], 3), 8),
        (2, prompt(&[5, 6, 7, 8, 9], 4), 2),
        (3, prompt(&[1], 5), 12),
    ];
    let mut decoding = Decoding::new(&decoder);
    let mut seen: Vec<Vec<model::Step>> = vec![vec![]; joins.len() + 1];
    let gone = decoding.join(prompt(&[2, 2, 2], 6), &draw, limits(12)).unwrap();
    for step in 0..15 {
        for (_, prompt, new_tokens) in joins.iter().filter(|(at, ..)| *at == step) {
            decoding.join(prompt.clone(), &draw, limits(*new_tokens)).unwrap();
        }
        if step == 3 {
            assert!(decoding.leave(gone).unwrap() && !decoding.leave(gone).unwrap());
        }
        for step in decoding.step().unwrap() {
            seen[step.row as usize].push(step);
        }
    }
    assert!(decoding.is_empty());
    assert_eq!(seen[0].len(), 3);
    for ((_, prompt, new_tokens), steps) in joins.iter().zip(&seen[1..]) {
        let alone =
            &generate(&decoder, std::slice::from_ref(prompt), &draw, &limits(*new_tokens)).unwrap()[0];
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<u32>>();
        let log_probs = bits(steps.iter().map(|step| step.log_prob).collect());
        assert_eq!(log_probs, bits(alone.log_probs.clone()));
        let new: Vec<u32> = steps.iter().map(|step| step.id).collect();
        assert_eq!(new[..alone.ids.len()], alone.ids);
        // a trainer that reads the whole text at once finds the same numbers
        let text = [&prompt.ids[..], &new[..]].concat();
        let hidden = decoder.hidden(&Input::new(&ids(&[&text])), None).unwrap().get(0).unwrap();
        let before = hidden.narrow(0, prompt.ids.len() - 1, new.len()).unwrap();
        let trained = decoder.log_probs(&before, &new).unwrap().to_vec1().unwrap();
        assert_eq!(bits(trained), log_probs);
        for step in steps {
            let best = &step.alternatives;
            assert!(best.len() == 3 && best[0].1 >= best[1].1 && best[1].1 >= best[2].1);
            assert!(best[0].1 >= step.log_prob);
        }
    }
}

#[test]
fn a_prompt_that_has_no_place_is_refused_and_a_strange_cache_too() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let limits = Limits { new_tokens: 2, context: 16, ..Limits::default() };
    let mut decoding = Decoding::new(&decoder);
    for ids in [vec![], vec![1; 17]] {
        let message = decoding.join(Prompt { ids, seed: 1 }, Greedy, limits.clone()).unwrap_err().to_string();
        assert!(message.starts_with("prompt: expected 1 to 16 tokens, got "), "{message}");
    }
    let (_, deeper) = random_decoder(&Config { layers: 3, ..tiny() }, DType::F32);
    let strange = deeper.cache(1).unwrap();
    let message = decoder.cache(1).unwrap().join(strange).unwrap_err().to_string();
    assert_eq!(message, "cache: expected a cache of the same model, got another");
}

#[test]
fn wrong_input_is_an_error_with_what_would_be_right() {
    let (_, decoder) = random_decoder(&tiny(), DType::F32);
    let error = |ids: &Tensor| decoder.hidden(&Input::new(ids), None).unwrap_err();
    assert!(matches!(error(&ids(&[&[1, 23]])), Error::Id { id: 23, vocabulary: 23 }));
    assert!(matches!(error(&ids(&[&[1; 17]])), Error::Context { position: 16, context: 16 }));
    assert_eq!(error(&ids(&[&[]])).to_string(), "ids: expected at least one position, got [1, 0]");
    let mut cache = decoder.cache(1).unwrap();
    let rows = ids(&[&[1], &[1]]);
    let message = decoder.hidden(&Input::new(&rows), Some(&mut *cache)).unwrap_err().to_string();
    assert_eq!(message, "cache: expected 2 rows, got 1 rows");
    let wrong = Config { heads: 3, ..tiny() };
    let message = wrong.check().unwrap_err().to_string();
    assert_eq!(message, "width: expected a multiple of twice the 3 heads, got 16");
    // as a damaged file has it: gigabytes of angles before any weight is looked at
    let message = Config { context: 1 << 24, ..tiny() }.check().map_err(|error| error.to_string());
    assert!(message.is_ok(), "{message:?}");
    let wrong = Config { context: 1 << 24, width: 64, heads: 2, kv_heads: 2, ..tiny() };
    assert!(wrong.check().unwrap_err().to_string().starts_with("context: expected a context and a width"));
}

/// A parameter depends on the seed and its name, not on what else there is.
#[test]
fn parameters_depend_on_seed_and_name_only() {
    let small = Params::new(1);
    model::Decoder::new(&tiny(), &small, "").unwrap();
    let deep = Params::new(1);
    model::Decoder::new(&Config { layers: 3, ..tiny() }, &deep, "").unwrap();
    let (small, deep) = (small.vars(), deep.vars());
    let name = "model.layers.1.self_attn.q_proj.weight";
    assert_eq!(largest_difference(&small[name], &deep[name]), 0.0);
    let mean: f32 = small[name].mean_all().unwrap().to_scalar().unwrap();
    let square: f32 = small[name].sqr().unwrap().mean_all().unwrap().to_scalar().unwrap();
    assert!(mean.abs() < 0.05 && (square.sqrt() - 0.25).abs() < 0.03, "{mean} {square}");
}
