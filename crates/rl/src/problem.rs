//! A question, and what is known about right answers.

/// A question that a policy answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// Its number.
    pub id: u64,
    /// What it asks for, such as `addition`.
    pub ability: String,
    /// What is asked, as people read it.
    pub asked: String,
    /// The same as the model reads it, up to where an answer begins.
    pub ids: Vec<u32>,
    /// What is right; where several answers are, one of them.
    pub answer: String,
    /// The name of what compares an answer with that.
    pub verifier: String,
    /// What the verifier needs besides, as a JSON object.
    pub meta: Option<String>,
}

/// What was said to a problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The words, without the token that ended them.
    pub text: &'a str,
    /// How many tokens it took, the one that ended it included.
    pub tokens: usize,
    /// Whether the model ended it; otherwise there was no room for more.
    pub ended: bool,
}

impl<'a> From<&'a str> for Answer<'a> {
    /// A whole answer of so many words.
    fn from(text: &'a str) -> Self {
        Self { text, tokens: text.split_whitespace().count() + 1, ended: true }
    }
}
