//! A talk that goes on: what an answer was made of, and what is forgotten when there is no room.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bpe::{Bpe, Settings, Tokenizer, train};
use chat::Session;
use sft::{Error, Message, Part, Protocol, Rendered, Role, Template};

fn tokenizer() -> Bpe {
    train(Settings { vocab_size: 288, ..Settings::default() }, &["a text"]).unwrap().tokenizer
}

/// The tokens of an answer, without what opens and ends it.
fn answer(bpe: &Bpe, template: &dyn Template, content: Vec<Part<'_>>) -> Vec<u32> {
    let asked = [Message::text(Role::User, "q"), Message { role: Role::Assistant, content, learn: None }];
    let [mut before, mut whole] = [Rendered::default(), Rendered::default()];
    template.render(&asked[..1], bpe, &mut before).unwrap();
    template.open(bpe, &mut before);
    template.render(&asked, bpe, &mut whole).unwrap();
    whole.ids[before.ids.len()..whole.ids.len() - 1].to_vec()
}

#[test]
fn an_answer_is_told_again_as_it_was_given() {
    let bpe = tokenizer();
    let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
    let parts = vec![
        Part::Thought("a sum"),
        Part::ToolCall("calculate 2+2"),
        Part::ToolOutput("4"),
        Part::Text("Four."),
    ];
    let mut session = Session::new(Some("Be kind.".to_owned()));
    session.ask("2 + 2?");
    session.answer(&answer(&bpe, &*template, parts.clone()), &*template, &bpe);
    assert_eq!(session.messages()[2].content, parts);
    // silence has its turn, too, and a question that was not answered is taken back
    session.ask("And?");
    session.answer(&[], &*template, &bpe);
    session.ask("Hm?");
    session.take_back();
    session.take_back();
    let roles: Vec<Role> = session.messages().iter().map(|message| message.role).collect();
    let turns = [Role::User, Role::Assistant];
    assert_eq!(roles, [&[Role::System][..], &turns, &turns].concat());
    session.clear();
    assert_eq!(session.messages().len(), 1);
}

#[test]
fn the_oldest_is_forgotten_first_and_the_last_question_never() {
    let bpe = tokenizer();
    let template = Protocol::Deepdive.template(bpe.vocabulary()).unwrap();
    let mut session = Session::new(Some("Be kind.".to_owned()));
    for turn in ["first", "second", "third"] {
        session.ask(turn);
        session.answer(&answer(&bpe, &*template, vec![Part::Text(turn)]), &*template, &bpe);
    }
    session.ask("fourth");
    let (whole, none) = session.clone().prompt(&*template, &bpe, 999).unwrap();
    let (shorter, forgotten) = session.prompt(&*template, &bpe, whole.ids.len() - 1).unwrap();
    assert_eq!((none, forgotten), (0, 2));
    let mut text = vec![];
    bpe.decode(&shorter.ids, &mut text);
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("Be kind.") && !text.contains("first") && text.contains("second"), "{text}");
    assert!(text.ends_with("fourth<|user_end|><|assistant_start|>"), "{text}");
    assert!(matches!(session.prompt(&*template, &bpe, 5), Err(Error::TooLong { .. })));
}
