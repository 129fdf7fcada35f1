//! From conversations to an assistant: import, fine-tuning, masks that one can read, a talk in the terminal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::io::Write;
use std::process::Stdio;

use common::House;

/// A pipeline that has a base model and learns from `talks.jsonl`, too.
fn house(talks: &str, settings: &str) -> House {
    let house = House::new();
    house.write("talks.jsonl", talks);
    house.write(
        "mine.toml",
        &format!(
            "extends = \"pipelines/tiny.toml\"\n\n\
             [[stage]]\nname = \"talks\"\nuse = \"conversations-files\"\nwith = {{ files = [\"talks.jsonl\"] }}\n\n\
             [[stage]]\nname = \"tuned\"\nuse = \"sft\"\n\
             from = {{ conversations = \"talks\", checkpoint = \"base\", tokenizer = \"tokenizer\" }}\n\
             [stage.with]\nhold_out = 0.0\n{settings}\n"
        ),
    );
    house
}

fn refused(house: &House) -> String {
    let output = house.run(&["reproduce", "mine.toml"]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A talk of one question and one answer.
fn talk(asked: &str, answered: &str) -> String {
    serde_json::json!({ "messages": [
        { "role": "user", "content": asked }, { "role": "assistant", "content": answered },
    ] })
    .to_string()
}

#[test]
fn whatever_cannot_be_learned_is_counted_and_told() {
    let odd = [
        talk("Who are you?", "Dee."),
        "{ no json".to_owned(),
        "{\"text\": \"a document\"}".to_owned(),
        "{\"instruction\": \"Add\", \"input\": \"1 2\", \"output\": \"3\"}".to_owned(),
        "{\"conversations\": [{\"from\": \"narrator\", \"value\": \"x\"}, {\"from\": \"gpt\", \"value\": \"y\"}]}".to_owned(),
        "{\"conversations\": [{\"from\": \"human\", \"value\": \"x\"}, {\"from\": \"gpt\", \"value\": \"y\"}, {\"from\": \"gpt\", \"value\": \"z\"}]}".to_owned(),
        talk("Hello?", " "),
        talk("<|assistant_start|>I obey", "No."),
        talk("Long?", &"very ".repeat(400)),
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}".to_owned(),
    ];
    let house = house(&odd.join("\n"), "epochs = 1");
    house.done(&["reproduce", "mine.toml"]);
    let told = house.done(&["show", "mine", "talks"]);
    assert!(told.contains("line 2: ") && told.contains("line 3: "), "{told}");
    let told = house.done(&["show", "mine", "tuned/dropped", "--rows", "20"]);
    for reason in [
        "unknown_role",
        "role_order",
        "empty_message",
        "spells_special_token",
        "too_long",
        "nothing_to_learn",
    ] {
        assert!(told.contains(&format!("reason  {reason}\n")), "{reason} is not in {told}");
    }
    for detail in [
        "unknown role `narrator`: expected system, user, assistant or tool",
        "message 2: expected user, got assistant",
        "message 1: assistant says nothing",
        "message 0: the text spells the special token <|assistant_start|>",
        "tokens, in a context of 192",
    ] {
        assert!(told.contains(detail), "{detail} is not in {told}");
    }
    let learned = house.done(&["show", "mine", "tuned", "--rows", "0"]);
    assert!(
        learned.contains("         8  100.0 %  in") && learned.contains("         2   25.0 %  kept"),
        "{learned}"
    );
}

#[test]
fn a_training_that_would_learn_nothing_says_why() {
    let told = refused(&house("{\"text\": \"x\"}\nnonsense\n", ""));
    assert!(told.contains("talks.jsonl, line 1") || told.contains("talks.jsonl:1"), "{told}");
    assert!(told.contains("no conversation could be read") && told.contains("got text"), "{told}");

    let long = [talk("a", &"word ".repeat(300)), talk("b", &"word ".repeat(300)), talk("c", "d")].join("\n");
    let told = refused(&house(&long, ""));
    assert!(told.contains("2 of 3 have more than 192 tokens"), "{told}");
    // what is cut is lost, too
    let told = refused(&house(&long, "overlong = \"truncate\""));
    assert!(told.contains("2 of 3 have more than 192 tokens"), "{told}");

    let silent = "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, {\"role\": \"assistant\", \"content\": \"y\", \"train\": false}]}";
    let told = refused(&house(silent, ""));
    assert!(
        told.contains("no conversation is left to learn from") && told.contains("1 nothing_to_learn"),
        "{told}"
    );
}

/// Killed again and again, a fine-tuning ends with the weights of one that was left alone: all parameters, or adapters.
#[test]
fn killed_it_goes_on_with_the_same_weights() {
    let talks: Vec<String> =
        (0..60).map(|at| talk(&format!("What is {at} and one?"), &format!("It is {}.", at + 1))).collect();
    for settings in ["matrices = \"muon\"", "lora = { rank = 4 }"] {
        let settings = format!("epochs = 12\nrows = 2\ncheckpoint_every = 3\nvalidate_every = 5\n{settings}");
        let [undisturbed, disturbed] = [(); 2].map(|()| house(&talks.join("\n"), &settings));
        undisturbed.done(&["reproduce", "mine.toml"]);
        disturbed.done(&["reproduce", "mine.toml", "--until", "talks"]);
        for kill in 1..=3 {
            let mut child = disturbed
                .command(&["reproduce", "mine.toml"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while disturbed.saved_steps() < 3 * kill && child.try_wait().unwrap().is_none() {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            child.kill().unwrap();
            child.wait().unwrap();
        }
        disturbed.done(&["reproduce", "mine.toml"]);
        assert_eq!(undisturbed.contents("mine"), disturbed.contents("mine"), "{settings}");
    }
}

#[test]
fn masks_can_be_read_and_a_model_talked_with() {
    let house = house(&talk("Who are you?", "I am Dee."), "epochs = 1");
    house.done(&["reproduce", "mine.toml"]);
    let shown = house.done(&["show", "mine", "tuned", "--tokens", "--rows", "1"]);
    let joined = shown.replace('│', "").replace('·', " ");
    for expected in [
        "─ talks 0",
        "user  <|user_start|>Who are you?<|user_end|>",
        "assistant  <|assistant_start|>[I am Dee.<|assistant_end|>]",
    ] {
        assert!(joined.contains(expected), "{expected} is not in {shown}");
    }
    let refused = house.run(&["show", "mine", "base", "--tokens"]);
    assert_eq!(refused.status.code(), Some(2));

    let ask = |arguments: &[&str]| {
        let arguments = [&["chat", "mine", "--most", "8"], arguments].concat();
        let mut child =
            house.command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let words = "/help\nWho are you?\n/tokens\n/stage\n/stage nobody\n/stage base\nThe town\n/clear\n/nonsense\n/quit\nnever read\n";
        child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let said = ask(&["--seed", "5"]);
    assert_eq!(said, ask(&["--seed", "5"]), "the same words and the same seed");
    for expected in [
        "/tokens",
        "tuned; there are base, chat, pleased, tuned",
        "there is no model to talk with",
        "no command /nonsense",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    assert!(
        said.replace('│', "").replace('·', " ").contains("<|user_start|>Who are you?<|user_end|>"),
        "{said}"
    );
}
