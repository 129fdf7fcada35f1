use std::str;

/// Turns bytes that arrive token by token into text, holding back a character until it is whole.
///
/// Bytes that can never become UTF-8 appear as U+FFFD, as in [`String::from_utf8_lossy`]; the text of all
/// pushes is the same as if all bytes had come at once.
///
/// ```
/// let (mut stream, mut text) = (bpe::Utf8Stream::default(), String::new());
/// stream.push(b"caf\xc3", &mut text);
/// assert_eq!(text, "caf");
/// stream.push(b"\xa9", &mut text);
/// stream.finish(&mut text);
/// assert_eq!(text, "café");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Utf8Stream {
    /// The beginning of a character, at most 3 bytes between calls.
    pending: Vec<u8>,
}

impl Utf8Stream {
    /// Appends to `text` all characters that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) {
        self.pending.extend_from_slice(bytes);
        let mut rest = self.pending.as_slice();
        loop {
            match str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(str::from_utf8(valid).expect("checked by the call above"));
                    rest = after;
                    let Some(bad) = error.error_len() else { break };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &rest[bad..];
                }
            }
        }
        let done = self.pending.len() - rest.len();
        self.pending.drain(..done);
    }

    /// Ends the text: a character that was never completed becomes U+FFFD.
    pub fn finish(&mut self, text: &mut String) {
        text.push_str(&String::from_utf8_lossy(&self.pending));
        self.pending.clear();
    }
}
