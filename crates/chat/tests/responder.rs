//! Answers: alone or in company, with tools, stopped.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ops::ControlFlow;

use bpe::{Bpe, Settings, Tokenizer, train};
use candle_core::{Device, Tensor};
use chat::{Calculator, Event, Responder, Tool};
use model::{Cache, CausalLm, Greedy, Input, Limits, Prompt, Result};
use sft::{Message, Protocol, Rendered, Role, Template};

/// The calculator under a name in which no letter comes twice: the model below knows but the last token.
struct Sum;

impl Tool for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }
    fn call(&self, request: &str) -> std::result::Result<String, String> {
        Calculator.call(request)
    }
}

/// Says what its script says after each token; a tool's answer leads it on.
struct Scripted {
    vocabulary: usize,
    next: Vec<(u32, u32)>,
}

struct Nothing(Vec<usize>);

impl Cache for Nothing {
    fn lengths(&self) -> &[usize] {
        &self.0
    }
    fn fork(&self, rows: &[usize]) -> Result<Box<dyn Cache>> {
        Ok(Box::new(Self(rows.iter().map(|&row| self.0[row]).collect())))
    }
    fn join(&mut self, other: Box<dyn Cache>) -> Result<()> {
        self.0.extend_from_slice(other.lengths());
        Ok(())
    }
}

impl CausalLm for Scripted {
    fn hidden(&self, input: &Input<'_>, cache: Option<&mut dyn Cache>) -> Result<Tensor> {
        let (b, t) = input.ids.dims2()?;
        if let Some(cache) = cache {
            let cache = (cache as &mut dyn std::any::Any).downcast_mut::<Nothing>().unwrap();
            let lengths = input.lengths.map_or_else(|| vec![t; b], <[usize]>::to_vec);
            cache.0.iter_mut().zip(lengths).for_each(|(length, more)| *length += more);
        }
        let rows: Vec<f32> = input
            .ids
            .flatten_all()?
            .to_vec1::<u32>()?
            .into_iter()
            .flat_map(|id| {
                let said = self.next.iter().find(|(before, _)| *before == id).map_or(0, |(_, next)| *next);
                (0..self.vocabulary as u32).map(move |other| if other == said { 1.0 } else { 0.0 })
            })
            .collect();
        Ok(Tensor::from_vec(rows, (b, t, self.vocabulary), &Device::Cpu)?)
    }
    fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        Ok(hidden.clone())
    }
    fn cache(&self, rows: usize) -> Result<Box<dyn Cache>> {
        Ok(Box::new(Nothing(vec![0; rows])))
    }
}

fn tokenizer() -> Bpe {
    train(Settings { vocab_size: 288, ..Settings::default() }, &["a text"]).unwrap().tokenizer
}

/// A model that asks for the value of `request`, and ends when it has read the answer.
fn asking(bpe: &Bpe, request: &str) -> Scripted {
    let id = |name: &str| bpe.vocabulary().special(name).unwrap();
    let mut script = vec![id("<|assistant_start|>"), id("<|tool_start|>")];
    bpe.encode(request, &mut script);
    script.push(id("<|tool_end|>"));
    let mut next: Vec<(u32, u32)> = script.windows(2).map(|pair| (pair[0], pair[1])).collect();
    next.push((id("<|output_end|>"), id("<|assistant_end|>")));
    Scripted { vocabulary: bpe.vocabulary().size(), next }
}

fn prompt(bpe: &Bpe, template: &dyn Template, text: &str) -> Prompt {
    let mut rendered = Rendered::default();
    template.render(&[Message::text(Role::User, text)], bpe, &mut rendered).unwrap();
    template.open(bpe, &mut rendered);
    Prompt { ids: rendered.ids, seed: 1 }
}

fn text(bpe: &Bpe, ids: &[u32]) -> String {
    let mut bytes = vec![];
    bpe.decode(ids, &mut bytes);
    String::from_utf8(bytes).unwrap()
}

const LIMITS: fn() -> Limits = || Limits { new_tokens: 40, context: 200, ..Limits::default() };

#[test]
fn a_tool_answers_in_the_middle_of_an_answer() {
    let bpe = tokenizer();
    let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
    let tools: Vec<Box<dyn Tool>> = vec![Box::new(Sum)];
    let model = asking(&bpe, "sum 2*3");
    let responder = Responder { model: &model, tokenizer: &bpe, template: &*template, tools: &tools };
    let prompts = ["six?", "and this one?", "six?"].map(|text| prompt(&bpe, &*template, text));
    let mut outputs = vec![];
    let replies = responder
        .respond(prompts.to_vec(), &Greedy, &LIMITS(), &mut |at, event| {
            if let Event::Output(said) = event {
                outputs.push((at, said.to_owned()));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    outputs.sort();
    assert_eq!(outputs, [0, 1, 2].map(|at| (at, "6".to_owned())));
    for reply in &replies {
        assert_eq!(
            text(&bpe, &reply.ids),
            "<|tool_start|>sum 2*3<|tool_end|><|output_start|>6<|output_end|>"
        );
        assert_eq!((reply.ended, reply.calls, reply.failed_calls), (true, 1, 0));
    }
}

#[test]
fn a_call_that_fails_is_told_and_counted() {
    let bpe = tokenizer();
    let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
    let tools: Vec<Box<dyn Tool>> = vec![Box::new(Sum)];
    for (request, said) in [("sum 2/0", "nothing can be divided by 0"), ("hex 1", "there is no tool \"hex\"")]
    {
        let model = asking(&bpe, request);
        let responder = Responder { model: &model, tokenizer: &bpe, template: &*template, tools: &tools };
        let prompts = vec![prompt(&bpe, &*template, "six?")];
        let reply = &responder
            .respond(prompts, &Greedy, &LIMITS(), &mut |_, _| ControlFlow::Continue(()))
            .unwrap()[0];
        assert!(text(&bpe, &reply.ids).contains(&format!("error: {said}")), "{}", text(&bpe, &reply.ids));
        assert_eq!((reply.ended, reply.calls, reply.failed_calls), (true, 1, 1));
    }
}

#[test]
fn an_answer_can_be_stopped_and_has_no_room_for_ever() {
    let bpe = tokenizer();
    let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
    let model = asking(&bpe, "sum 2*3");
    let responder = Responder { model: &model, tokenizer: &bpe, template: &*template, tools: &[] };
    let ask = |watch: &mut dyn FnMut(usize, Event<'_>) -> ControlFlow<()>| {
        responder
            .respond(vec![prompt(&bpe, &*template, "six?")], &Greedy, &LIMITS(), watch)
            .unwrap()
            .remove(0)
    };
    // without a tool a call is text: nobody answers, and the script goes on with token 0 to the end
    let whole = ask(&mut |_, _| ControlFlow::Continue(()));
    assert_eq!((whole.ids.len(), whole.ended, whole.calls), (40, false, 0));
    let mut seen = 0;
    let stopped = ask(&mut |_, _| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((stopped.ids, stopped.ended), (whole.ids[..3].to_vec(), false));
}
