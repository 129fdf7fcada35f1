//! A model card (Mitchell et al. 2019, arXiv 1810.03993): what somebody should know who finds the checkpoint alone.

use std::fmt::Write as _;

use model::{Config, Family};

use super::Pretrain;
use crate::lines::thousands;

/// What training found out.
pub(super) struct Facts {
    pub(super) parameters: usize,
    pub(super) tokens_read: u64,
    pub(super) training_tokens: u64,
    pub(super) measured: Vec<(String, f64)>,
    /// The recipe that makes the same checkpoint again.
    pub(super) recipe: String,
}

/// The text of `README.md`, with the head that Hugging Face's hub reads.
pub(super) fn text(settings: &Pretrain, config: &Config, facts: &Facts) -> String {
    let class = match config.family {
        Family::Gpt2 => "GPT2LMHeadModel",
        Family::Llama => "LlamaForCausalLM",
        Family::Nanochat => "NanoChatForCausalLM",
    };
    let mut card = format!(
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags: [deepdive, base-model]\n---\n\n\
         # A base model\n\n\
         A decoder of {} parameters that predicts the next token, trained by deepdive from random numbers. It was not taught \
         to answer, to refuse or to be right: it continues text as its training text would.\n\n\
         | | |\n|---|---|\n",
        thousands(facts.parameters as u64)
    );
    let mut row =
        |what: &str, value: String| writeln!(card, "| {what} | {value} |").expect("a String takes all");
    row("opens in transformers as", format!("`{class}`"));
    row(
        "layers × width, heads (keys)",
        format!("{} × {}, {} ({})", config.layers, config.width, config.heads, config.kv_heads),
    );
    row("context", format!("{} tokens", thousands(config.context as u64)));
    row("vocabulary", format!("{} tokens", thousands(config.vocabulary as u64)));
    row(
        "read",
        format!(
            "{} tokens in {} steps, of a text of {}",
            thousands(facts.tokens_read),
            thousands(settings.steps),
            thousands(facts.training_tokens)
        ),
    );
    for (name, value) in &facts.measured {
        row(&name.replace('_', " "), format!("{value:.4}"));
    }
    row("recipe", format!("`{}`", facts.recipe));
    card.push_str(
        "\nEvery document begins with `<|bos|>`: a prompt must too. The text it read, what was filtered out of it and every \
         setting are in the run whose recipe stands above.\n",
    );
    card
}

#[cfg(test)]
mod tests {
    use super::{Facts, text};
    use crate::stages::pretrain::Pretrain;

    #[test]
    fn a_card_tells_what_it_is_and_where_it_came_from() {
        let settings = Pretrain::default();
        let facts = Facts {
            parameters: 1_835_008,
            tokens_read: 1_228_800,
            training_tokens: 987,
            measured: vec![("validation_bits_per_byte".to_owned(), 1.25)],
            recipe: "95fab7653eca7a1f".to_owned(),
        };
        insta::assert_snapshot!(text(&settings, &settings.config(4096), &facts));
    }
}
