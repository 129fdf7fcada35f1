//! What an answer may ask for.

mod calculator;
mod lookup;
mod rational;

pub use calculator::Calculator;
pub use lookup::Lookup;

/// Something that answers a request of a model's, in words.
///
/// A model writes a call as the tool's name, a space and the request, between the tokens of a call. What the tool answers
/// is forced into the context, and is never learned. One that counts letters:
///
/// ```
/// use chat::Tool;
///
/// struct Count;
///
/// impl Tool for Count {
///     fn name(&self) -> &str {
///         "count"
///     }
///     fn call(&self, request: &str) -> Result<String, String> {
///         match request.split_once(" in ") {
///             Some((letter, word)) => Ok(word.matches(letter).count().to_string()),
///             None => Err("count what in what?".to_owned()),
///         }
///     }
/// }
///
/// assert_eq!(Count.call("r in strawberry").as_deref(), Ok("3"));
/// ```
pub trait Tool: Send + Sync {
    /// What a call begins with: one word.
    fn name(&self) -> &str;

    /// The answer, or what is wrong with the request; the model reads either.
    fn call(&self, request: &str) -> Result<String, String>;

    /// What it does, in a sentence, for people and other programs.
    #[allow(clippy::unnecessary_literal_bound, reason = "others may make it at run time")]
    fn description(&self) -> &str {
        ""
    }

    /// What a request is called where arguments have names.
    #[allow(clippy::unnecessary_literal_bound, reason = "others may make it at run time")]
    fn argument(&self) -> &str {
        "request"
    }
}

/// Lets the tool that `call` names answer it.
pub(crate) fn run(tools: &[Box<dyn Tool>], call: &str) -> Result<String, String> {
    let (name, request) = call.trim().split_once(' ').unwrap_or((call.trim(), ""));
    match tools.iter().find(|tool| tool.name() == name) {
        Some(tool) => tool.call(request.trim()),
        None => Err(format!("there is no tool {name:?}")),
    }
}
