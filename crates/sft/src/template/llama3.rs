//! Llama 3's protocol (Grattafiori et al. 2024, arXiv 2407.21783, section 4.1.1): the role between two tokens, an empty
//! line, the content without white space around it, `<|eot_id|>`. A tool's turn is called `ipython`.

use bpe::{Tokenizer, Vocabulary};

use super::pen::Pen;
use super::{Kind, Rendered, Template, special, words};
use crate::{Message, Result, Role, check};

const NAME: &str = "Llama 3's protocol";

pub(super) struct Llama3 {
    begin: u32,
    start_header: u32,
    end_header: u32,
    end: u32,
}

impl Llama3 {
    pub(super) fn new(vocabulary: &Vocabulary) -> Result<Self> {
        let special = |name| special(vocabulary, NAME, name);
        Ok(Self {
            begin: special("<|begin_of_text|>")?,
            start_header: special("<|start_header_id|>")?,
            end_header: special("<|end_header_id|>")?,
            end: special("<|eot_id|>")?,
        })
    }

    fn header(&self, role: Role, pen: &mut Pen<'_>) {
        pen.role = role;
        pen.special(self.start_header, false);
        pen.frame(if role == Role::Tool { "ipython" } else { role.name() });
        pen.special(self.end_header, false);
        pen.frame("\n\n");
    }
}

impl Template for Llama3 {
    fn render(&self, messages: &[Message<'_>], tokenizer: &dyn Tokenizer, out: &mut Rendered) -> Result<()> {
        check(messages)?;
        let mut pen = Pen::new(tokenizer, out);
        pen.special(self.begin, false);
        for (at, message) in messages.iter().enumerate() {
            pen.learn = message.is_learned();
            self.header(message.role, &mut pen);
            pen.text(Kind::Text, words(NAME, at, message)?.trim(), true);
            pen.special(self.end, true);
        }
        Ok(())
    }

    fn open(&self, tokenizer: &dyn Tokenizer, out: &mut Rendered) {
        self.header(Role::Assistant, &mut Pen::new(tokenizer, out));
    }

    fn ends(&self) -> &[u32] {
        std::slice::from_ref(&self.end)
    }

    fn jinja(&self) -> Option<&str> {
        Some(include_str!("llama3.jinja"))
    }
}
