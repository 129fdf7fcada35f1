//! Where in an answer its result stands.
//!
//! Of an answer that works its way to a result only the result counts. It stands, looked for in this order,
//!
//! 1. within the last `<answer>…</answer>`, or behind the last `</think>`: what follows is looked for in there;
//! 2. in the last `\boxed{…}`;
//! 3. behind the last `####`, to the end of the line, as in GSM8K;
//! 4. behind the last `answer is`;
//! 5. else it is the whole.

/// The part of `said` that is its result.
pub(super) fn result(said: &str) -> &str {
    let said = outside_thought(said);
    boxed(said).or_else(|| hashed(said)).or_else(|| concluded(said)).unwrap_or(said)
}

/// Without the words that were only thought.
fn outside_thought(said: &str) -> &str {
    let behind = |tag: &str| said.rfind(tag).map(|at| &said[at + tag.len()..]);
    match behind("<answer>") {
        Some(rest) => rest.split("</answer>").next().unwrap_or(rest),
        None => behind("</think>").unwrap_or(said),
    }
}

/// What the last box holds; nothing in it where it is never closed.
pub(super) fn boxed(said: &str) -> Option<&str> {
    const BOX: &str = "\\boxed";
    let inside = said[said.rfind(BOX)? + BOX.len()..].trim_start();
    if !inside.starts_with('{') {
        return Some(inside.split([' ', '$', '\n']).next().unwrap_or(inside));
    }
    Some(closing(inside).map_or("", |at| &inside[1..at]))
}

/// Where the brace closes that `text` begins with.
pub(super) fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' if depth <= 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn hashed(said: &str) -> Option<&str> {
    const HASHES: &str = "####";
    let rest = &said[said.rfind(HASHES)? + HASHES.len()..];
    Some(rest.trim_start().lines().next().unwrap_or(""))
}

fn concluded(said: &str) -> Option<&str> {
    const BEFORE: &[u8] = b"answer is";
    let at = said.as_bytes().windows(BEFORE.len()).rposition(|words| words.eq_ignore_ascii_case(BEFORE))?;
    Some(&said[at + BEFORE.len()..])
}

#[cfg(test)]
mod tests {
    use super::result;

    #[test]
    fn the_last_mark_of_the_strongest_kind_counts() {
        for (said, expected) in [
            ("17", "17"),
            ("The answer is 17.", " 17."),
            ("The answer is 3. No, the Answer is 17.", " 17."),
            ("3 + 4 = <<3+4=7>>7\n#### 7\nIndeed.", "7"),
            (r"so $\boxed{\frac{1}{2}}$, my answer is above", r"\frac{1}{2}"),
            (r"\boxed{1} or \boxed{\{2\}}", r"\{2\}"),
            (r"\boxed 5$ it is", "5"),
            (r"\boxed{1", ""),
            ("<think>The answer is 3</think><answer> 4 </answer>", " 4 "),
            ("<think>#### 3</think> The answer is 4", " 4"),
            ("#### ", ""),
        ] {
            assert_eq!(result(said), expected, "{said}");
        }
    }
}
