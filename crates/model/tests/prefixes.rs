//! Answers that share a prompt: computed once, they have the bits and the gradients of a prompt each.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use candle_core::{DType, Device, Tensor};
use common::{kinds, random_decoder, relative_difference};
use model::{CausalLm, Config, Decoder, Error, Input, Random};

/// A row of two groups: prompts of 45 and 3 places, with three and two answers; one answer has a single place.
struct Tree {
    ids: Vec<u32>,
    positions: Vec<u32>,
    documents: Vec<u32>,
    prefixes: Vec<u32>,
    /// Prompt and answer, and where they stand in the row.
    alone: Vec<(Vec<u32>, Vec<usize>)>,
}

fn tree() -> Tree {
    let mut random = Random::new(5, "tree");
    let mut tree =
        Tree { ids: vec![], positions: vec![], documents: vec![], prefixes: vec![], alone: vec![] };
    for (prompt, answers) in [(45, &[50, 1, 7][..]), (3, &[4, 60])] {
        let (first, number) = (tree.ids.len(), tree.documents.last().map_or(0, |last| last + 1));
        tree.push(&mut random, prompt, 0, [number; 2]);
        for (nth, &length) in (1..).zip(answers) {
            let start = tree.ids.len();
            tree.push(&mut random, length, prompt, [number + nth, number]);
            let places: Vec<usize> = (first..first + prompt).chain(start..start + length).collect();
            tree.alone.push((places.iter().map(|&place| tree.ids[place]).collect(), places));
        }
    }
    tree
}

impl Tree {
    fn push(&mut self, random: &mut Random, length: usize, position: usize, [document, prefix]: [u32; 2]) {
        self.ids.extend((0..length).map(|_| random.below(23) as u32));
        self.positions.extend((position..position + length).map(|position| position as u32));
        self.documents.resize(self.ids.len(), document);
        self.prefixes.resize(self.ids.len(), prefix);
    }

    /// Hidden states `[T, D]`.
    fn hidden(&self, model: &dyn CausalLm) -> Tensor {
        let row = |values: &[u32]| Tensor::from_slice(values, (1, values.len()), &Device::Cpu).unwrap();
        let (ids, positions) = (row(&self.ids), row(&self.positions));
        let (documents, prefixes) = (row(&self.documents), row(&self.prefixes));
        let input = Input {
            positions: Some(&positions),
            documents: Some(&documents),
            prefixes: Some(&prefixes),
            ..Input::new(&ids)
        };
        model.hidden(&input, None).unwrap().get(0).unwrap()
    }
}

fn kinds_of_long_context() -> Vec<Config> {
    kinds().into_iter().map(|config| Config { context: 128, ..config }).collect()
}

#[test]
fn an_answer_has_the_bits_that_it_has_behind_a_prompt_of_its_own() {
    for config in kinds_of_long_context() {
        let (_, decoder) = random_decoder(&config, DType::F32);
        let tree = tree();
        let shared = tree.hidden(&decoder).to_vec2::<f32>().unwrap();
        for (ids, places) in &tree.alone {
            let ids = Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu).unwrap();
            let alone = decoder.hidden(&Input::new(&ids), None).unwrap().get(0).unwrap();
            for (place, alone) in places.iter().zip(alone.to_vec2::<f32>().unwrap()) {
                assert_eq!(shared[*place], alone, "{config:?}: place {place}");
            }
        }
    }
}

#[test]
fn gradients_equal_those_of_candle() {
    for config in kinds_of_long_context() {
        let (params, decoder) = random_decoder(&config, DType::F32);
        let (exact_params, oracle) = random_decoder(&config, DType::F64);
        let tree = tree();
        let weights: Vec<f64> = (0..tree.ids.len()).map(|at| ((at * 7) % 5) as f64 - 1.5).collect();
        let loss = |model: &dyn CausalLm, dtype| {
            let values = model.log_probs(&tree.hidden(model), &tree.ids).unwrap();
            let weights = Tensor::new(&weights[..], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
            (values * weights).unwrap().sum_all().unwrap()
        };
        params.backward(&loss(&decoder, DType::F32)).unwrap();
        let gradients = params.take_gradients();
        let expected = loss(&oracle.composite(), DType::F64).backward().unwrap();
        for (name, var) in exact_params.vars() {
            let expected: Vec<f64> = expected.get(&var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let difference = relative_difference(gradients.get(&name).unwrap(), &expected);
            assert!(difference < 1e-5, "{config:?}: gradient of {name} off by {difference}");
        }
    }
}

#[test]
fn a_prefix_that_is_none_is_refused() {
    let config = Config {
        context: 8,
        vocabulary: 23,
        width: 16,
        layers: 1,
        heads: 2,
        kv_heads: 2,
        hidden: 24,
        ..Config::default()
    };
    let decoder = Decoder::new(&config, &model::Params::new(1), "").unwrap();
    let row = |values: &[u32; 4]| Tensor::from_slice(values, (1, 4), &Device::Cpu).unwrap();
    let (ids, documents) = (row(&[1, 2, 3, 4]), row(&[0, 1, 1, 2]));
    // of a document behind, of one that is not there, of one that has a prefix itself
    for prefixes in [[1, 1, 1, 2], [0, 9, 9, 2], [0, 0, 0, 1]].map(|values| row(&values)) {
        let input = Input { documents: Some(&documents), prefixes: Some(&prefixes), ..Input::new(&ids) };
        let refused = decoder.hidden(&input, None);
        assert!(matches!(refused, Err(Error::Input { what: "prefixes", .. })), "{refused:?}");
    }
}
