//! What a subject answers is the model's own, whatever the batch.

use std::ops::ControlFlow;

use bpe::{Tokenizer, Vocabulary};
use candle_core::{Device, Tensor};
use eval::{Answer, Ask, Encoding, Item, Subject, Writing};
use model::{Cache, CausalLm, Config, Decoder, Draw, Input, Params, Random};

/// Every byte is a token.
struct Bytes(Vocabulary);

impl Tokenizer for Bytes {
    fn encode(&self, text: &str, ids: &mut Vec<u32>) {
        ids.extend(text.bytes().map(u32::from));
    }
    fn decode(&self, ids: &[u32], bytes: &mut Vec<u8>) {
        bytes.extend(ids.iter().filter_map(|&id| self.0.token(id)).flatten());
    }
    fn vocabulary(&self) -> &Vocabulary {
        &self.0
    }
}

fn bytes() -> Bytes {
    Bytes(Vocabulary::new((0..=255_u8).map(|byte| [byte])))
}

fn decoder() -> Decoder {
    let config =
        Config { vocabulary: 256, context: 24, width: 32, layers: 2, hidden: 64, ..Config::default() };
    Decoder::new(&config, &Params::new(3), "").expect("sizes that fit").detached()
}

/// Items of all kinds: contexts shared and not, texts longer than the model's context, things to write.
fn items() -> Vec<Item> {
    let mut random = Random::new(5, "items");
    let mut text = |most: u64| -> Vec<u32> {
        let length = 1 + random.below(most);
        (0..length).map(|_| random.below(256) as u32).collect()
    };
    let mut items = vec![];
    for at in 0..12 {
        let context = text(if at % 3 == 0 { 40 } else { 15 });
        let mut asks: Vec<Ask> = (0..=at % 4)
            .map(|_| Ask::Score {
                context: context.clone(),
                continuation: text(if at == 7 { 60 } else { 6 }),
            })
            .collect();
        if at % 2 == 0 {
            let draw = Draw { temperature: 1.0, ..Draw::default() };
            let writing = Writing { tokens: 5, samples: 2, draw, until: vec!["q".to_owned()], stop: vec![7] };
            asks.push(Ask::Write { prompt: context, writing });
        }
        items.push(Item { name: at.to_string(), chance: None, asks });
    }
    items
}

#[test]
fn an_answer_does_not_depend_on_its_batch() {
    let (decoder, bytes, items) = (decoder(), bytes(), items());
    let encoding = Encoding { tokenizer: &bytes, begin: None };
    let subject = Subject::new(&decoder, encoding, 24);
    let together = subject.answer(&items).unwrap();
    assert_eq!(Subject { positions: 1, ..subject }.answer(&items).unwrap(), together, "each item alone");
    for (item, answers) in items.iter().zip(&together) {
        for (ask, answer) in item.asks.iter().zip(answers) {
            if let Ask::Score { .. } = ask {
                let alone = Item { asks: vec![ask.clone()], ..item.clone() };
                let alone = subject.answer(&[alone]).unwrap();
                assert_eq!(&alone[0][0], answer, "a context that others share is read as if alone");
            }
        }
    }
    // the same without a cache, where contexts are read once for each continuation
    let plain = Uncached(&decoder);
    let scores = |answers: &[Vec<Answer>]| -> Vec<u64> {
        answers.iter().flatten().map(|answer| answer.log_prob().to_bits()).collect()
    };
    let scored: Vec<Item> = items
        .iter()
        .map(|item| {
            let mut item = item.clone();
            item.asks.retain(|ask| matches!(ask, Ask::Score { .. }));
            item
        })
        .collect();
    let with = subject.answer(&scored).unwrap();
    let without = Subject { model: &plain, ..subject }.answer(&scored).unwrap();
    assert_eq!(scores(&with), scores(&without), "to the bit");
}

#[test]
fn some_items_can_be_answered_and_the_rest_left() {
    let (decoder, bytes, items) = (decoder(), bytes(), items());
    let subject = Subject::new(&decoder, Encoding { tokenizer: &bytes, begin: None }, 24);
    let all = subject.answer(&items).unwrap();
    let mut seen = vec![];
    let mut visit = |at: usize, answers: Vec<Answer>| {
        assert_eq!(answers, all[at]);
        seen.push(at);
        if seen.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    subject.answer_each(&items, &[2, 3, 7, 9], &mut visit).unwrap();
    assert_eq!(seen.len(), 3);
    let cut: Vec<bool> = items.iter().map(|item| subject.cuts(item)).collect();
    assert!(cut.contains(&true) && cut.contains(&false), "{cut:?}");
}

/// The next byte is the successor of the last with probability 3/4; the other 255 share the rest.
struct Successor;

impl CausalLm for Successor {
    fn hidden(&self, input: &Input<'_>, _: Option<&mut dyn Cache>) -> model::Result<Tensor> {
        let ids = input.ids.to_vec2::<u32>()?;
        let row = |id: u32| {
            (0..256)
                .map(move |next| if next == (id + 1) % 256 { 0.75_f32.ln() } else { (0.25_f32 / 255.0).ln() })
        };
        let (rows, length) = (ids.len(), ids[0].len());
        let states: Vec<f32> = ids.iter().flatten().copied().flat_map(row).collect();
        Ok(Tensor::from_vec(states, (rows, length, 256), &Device::Cpu)?)
    }
    fn logits(&self, hidden: &Tensor) -> model::Result<Tensor> {
        Ok(hidden.clone())
    }
}

#[test]
fn likelihoods_are_those_of_the_model() {
    let bytes = bytes();
    let subject = Subject::new(&Successor, Encoding { tokenizer: &bytes, begin: None }, 4);
    let ask = |context: &str, continuation: &str| {
        let (context, continuation) = subject.encoding.pair(context, continuation);
        let item =
            Item { name: String::new(), chance: None, asks: vec![Ask::Score { context, continuation }] };
        subject.answer(&[item]).unwrap()[0][0].clone()
    };
    for (context, continuation, expected, right) in [
        ("ab", "cd", 2.0 * 0.75_f64.ln(), true),
        ("ab", "cf", 0.75_f64.ln() + (0.25_f64 / 255.0).ln(), false),
        ("", "abcdefghij", 9.0 * 0.75_f64.ln(), true), // in pieces
        ("wxyabcdefgh", "ij", 2.0 * 0.75_f64.ln(), true),
    ] {
        let Answer::Scored { log_prob, greedy, .. } = ask(context, continuation) else { panic!("a score") };
        assert!(
            (log_prob - expected).abs() < 1e-5 && greedy == right,
            "{context} {continuation}: {log_prob}"
        );
    }
}

/// A model without its cache.
struct Uncached<'a>(&'a Decoder);

impl CausalLm for Uncached<'_> {
    fn hidden(&self, input: &Input<'_>, _: Option<&mut dyn Cache>) -> model::Result<Tensor> {
        self.0.hidden(input, None)
    }
    fn logits(&self, hidden: &Tensor) -> model::Result<Tensor> {
        self.0.logits(hidden)
    }
}
