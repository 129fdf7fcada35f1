//! A model card (Mitchell et al. 2019, arXiv 1810.03993): what somebody should know who finds the checkpoint alone.

use std::fmt::Write as _;

use sft::Protocol;

use crate::lines::thousands;

/// What training found out.
pub(super) struct Facts {
    pub(super) parameters: usize,
    pub(super) learned: usize,
    pub(super) conversations: usize,
    pub(super) tokens: usize,
    pub(super) steps: u64,
    pub(super) measured: Vec<(String, f64)>,
    /// The recipe that makes the same checkpoint again.
    pub(super) recipe: String,
}

/// The text of `README.md`, with the head that Hugging Face's hub reads.
pub(super) fn text(protocol: Protocol, facts: &Facts) -> String {
    let name = match protocol {
        Protocol::Deepdive => {
            "deepdive's own: `<|user_start|>…<|user_end|><|assistant_start|>…<|assistant_end|>`"
        }
        Protocol::Chatml => "ChatML",
        Protocol::Llama3 => "Llama 3's",
    };
    let mut card = format!(
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags: [deepdive, conversational]\n---\n\n\
         # A chat model\n\n\
         A decoder of {} parameters that was shown how an assistant answers, by deepdive. It answers in that manner whether it \
         knows or not, unless its conversations taught it otherwise.\n\n\
         | | |\n|---|---|\n",
        thousands(facts.parameters as u64)
    );
    let mut row =
        |what: &str, value: String| writeln!(card, "| {what} | {value} |").expect("a String takes all");
    row("protocol", name.to_owned());
    if facts.learned < facts.parameters {
        row("learned", format!("{} parameters of adapters, merged", thousands(facts.learned as u64)));
    }
    row(
        "shown",
        format!(
            "{} conversations in {} steps; {} tokens of answers among them",
            thousands(facts.conversations as u64),
            thousands(facts.steps),
            thousands(facts.tokens as u64)
        ),
    );
    for (name, value) in &facts.measured {
        row(&name.replace('_', " "), format!("{value:.4}"));
    }
    row("recipe", format!("`{}`", facts.recipe));
    card.push_str(
        "\nHow a conversation is written as tokens stands in `tokenizer_config.json`, as `chat_template`. A user's text must be \
         encoded without special tokens.\n",
    );
    card
}
