//! GPT-2's byte-level alphabet: every byte has a visible character, so that files can spell tokens as text.
//!
//! Printable bytes of Latin-1 stand for themselves; the others, in order, take the characters from U+0100 on.

/// Bytes in the order of their characters: the order in which GPT-2 and Hugging Face number them.
pub(crate) const BYTE_ORDER: [u8; 256] = {
    let mut order = [0; 256];
    let mut len = 0;
    let mut visible = true;
    loop {
        let mut byte = 0;
        while byte < 256 {
            if is_visible(byte as u8) == visible {
                order[len] = byte as u8;
                len += 1;
            }
            byte += 1;
        }
        if !visible {
            break order;
        }
        visible = false;
    }
};

/// Number of bytes that stand for themselves.
const VISIBLE: usize = 188;

const fn is_visible(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff)
}

/// Spells bytes in the alphabet.
pub(crate) fn spell(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| character(byte)).collect()
}

fn character(byte: u8) -> char {
    if is_visible(byte) {
        return char::from(byte);
    }
    let hidden = BYTE_ORDER[VISIBLE..].binary_search(&byte).expect("the other bytes, ascending");
    char::from_u32(256 + hidden as u32).expect("below U+0200")
}

/// The bytes that a spelling stands for, or the first character that is not in the alphabet.
pub(crate) fn unspell(text: &str) -> Result<Vec<u8>, char> {
    text.chars().map(|character| byte(character).ok_or(character)).collect()
}

fn byte(character: char) -> Option<u8> {
    match u8::try_from(character as u32) {
        Ok(byte) => is_visible(byte).then_some(byte),
        Err(_) => BYTE_ORDER[VISIBLE..].get(character as usize - 256).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_character() {
        let all: Vec<u8> = (0..=255).collect();
        let spelled = spell(&all);
        assert_eq!(unspell(&spelled), Ok(all));
        assert_eq!(spelled.chars().count(), 256);
        assert_eq!(spell(b" \n\x00\xad"), "ĠĊĀŃ");
        assert_eq!(unspell("a b"), Err(' '));
        assert_eq!(unspell("\u{144}"), Err('\u{144}'));
    }
}
