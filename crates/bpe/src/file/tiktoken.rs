//! `.tiktoken`: a line a token, `base64(bytes) rank`. It holds neither pattern nor special tokens nor merges.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::encode::{Merges, by_merging};
use crate::parts::{Parts, within_limit};
use crate::{Bpe, Error, Pattern, Result, Tokenizer, Vocabulary};

impl Bpe {
    /// Builds a tokenizer from the content of a `.tiktoken` file, and the pattern and special tokens that go with it.
    ///
    /// The merges are recovered: a token's last merge joins the two parts that earlier merges leave of it.
    ///
    /// ```
    /// use bpe::{Bpe, Pattern, Tokenizer};
    ///
    /// let bytes = (0..=255u8).map(|byte| [byte]);
    /// # fn base64(bytes: &[u8]) -> String {
    /// #     let digit = |value: u8| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value as usize]);
    /// #     format!("{}{}==", digit(bytes[0] >> 2), digit((bytes[0] & 3) << 4))
    /// # }
    /// let mut file: String = bytes.enumerate().map(|(rank, byte)| format!("{} {rank}\n", base64(&byte))).collect();
    /// file += "aGk= 256\n"; // "hi"
    /// let bpe = Bpe::from_tiktoken(file.as_bytes(), Pattern::Cl100k, &[("<|endoftext|>", 257)])?;
    /// let mut ids = Vec::new();
    /// bpe.encode("hi!", &mut ids);
    /// assert_eq!(ids, [256, 33]);
    /// # Ok::<(), bpe::Error>(())
    /// ```
    pub fn from_tiktoken(file: &[u8], pattern: Pattern, specials: &[(&str, u32)]) -> Result<Self> {
        let mut tokens = parse(file)?;
        tokens.sort();
        let ids = tokens.last().map_or(0, |&(id, _)| id as usize + 1);
        // what is beyond the limit is refused below, where more is known of them
        let merges =
            if within_limit(ids.max(tokens.len())).is_ok() { recover_merges(&tokens) } else { Vec::new() };
        let specials = specials.iter().map(|&(name, id)| (id, name.to_owned())).collect();
        let vocabulary = Vocabulary::from_pairs(tokens, specials)?;
        Self::new(Parts { vocabulary, merges, pattern, ignore_merges: true })
    }

    /// The content of a `.tiktoken` file, without pattern and special tokens.
    ///
    /// Such a file ranks tokens by their ids and keeps chunks whole that are tokens. Where this tokenizer does otherwise, as
    /// some that were read from other files do, that is an error.
    pub fn to_tiktoken(&self) -> Result<String> {
        let tokens: Vec<_> = self.vocabulary().tokens().map(|(id, token)| (id, token.to_vec())).collect();
        if !self.ignore_merges || recover_merges(&tokens) != self.merges() {
            return Err(Error::NotRanked);
        }
        let mut file = String::new();
        for (id, token) in tokens {
            BASE64_STANDARD.encode_string(token, &mut file);
            file.extend([" ", &id.to_string(), "\n"]);
        }
        Ok(file)
    }
}

fn parse(file: &[u8]) -> Result<Vec<(u32, Vec<u8>)>> {
    let lines = file.split(|&byte| byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines.map(|(at, line)| entry(line).ok_or_else(|| bad_line(at + 1, line))).collect()
}

fn entry(line: &[u8]) -> Option<(u32, Vec<u8>)> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (token, rank) = line.split_at(space);
    let rank = str::from_utf8(rank.trim_ascii()).ok()?.parse().ok()?;
    let token = BASE64_STANDARD.decode(token).ok()?;
    (!token.is_empty()).then_some((rank, token))
}

fn bad_line(line: usize, got: &[u8]) -> Error {
    Error::Line { line, got: crate::error::printable(got) }
}

/// The pair behind each token, in order of rank; a token that merges do not lead to has none.
fn recover_merges(tokens: &[(u32, Vec<u8>)]) -> Vec<(u32, u32)> {
    let mut byte_ids = [u32::MAX; 256];
    for (id, token) in tokens {
        if let [byte] = token[..] {
            byte_ids[byte as usize] = *id;
        }
    }
    if byte_ids.contains(&u32::MAX) {
        // no merge can be told; the missing byte is refused when parts are checked
        return Vec::new();
    }
    let mut merges = Merges::with_capacity(tokens.len());
    let mut parts = Vec::new();
    for (id, token) in tokens.iter().filter(|(_, token)| token.len() > 1) {
        parts.clear();
        by_merging(&merges, &byte_ids, token, &mut parts);
        if let [left, right] = parts[..] {
            // A pair can repeat only in a file with a duplicate token, which is refused later.
            let _ = merges.push(left, right, *id);
        }
    }
    merges.pairs().to_vec()
}
