//! Rows of conversations as `sft` takes them.

use sft::{Message, Part, Result, Role};
use shard::PartKind;

/// The messages of a row.
///
/// # Errors
/// A role that nobody has.
pub(crate) fn messages<'a>(row: &[shard::Message<'a>]) -> Result<Vec<Message<'a>>> {
    row.iter().map(message).collect()
}

fn message<'a>(message: &shard::Message<'a>) -> Result<Message<'a>> {
    let role = Role::from_name(message.role)?;
    Ok(Message { role, content: message.content.iter().map(part).collect(), learn: message.train })
}

/// A piece without what its sort promises is an empty one.
fn part<'a>(part: &shard::MessagePart<'a>) -> Part<'a> {
    let (text, ids) = (part.text.unwrap_or_default(), part.ids.unwrap_or_default());
    match part.kind {
        PartKind::Text => Part::Text(text),
        PartKind::Thought => Part::Thought(text),
        PartKind::ToolCall => Part::ToolCall(text),
        PartKind::ToolOutput => Part::ToolOutput(text),
        PartKind::Image => Part::Image(ids),
        PartKind::Audio => Part::Audio(ids),
    }
}
