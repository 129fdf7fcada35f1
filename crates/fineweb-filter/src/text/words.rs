//! Splitting English into words and marks, close to spaCy's blank English pipeline.
//!
//! Verdicts depend on the splitter in one place: the share of tokens with a letter, where every mark that is
//! a token of its own counts against the page. So marks are split off as spaCy does, and its exceptions kept:
//! abbreviations (`U.S.`, `e.g.`), contractions (`Do|n't`), numbers (`1,234.50`), addresses, runs of dots.

use super::is_space;

/// Words that keep their final dot.
#[rustfmt::skip]
const ABBREVIATIONS: &[&str] = &[
    "adm", "apr", "aug", "ave", "b.c", "bros", "co", "corp", "d.c", "dec", "dr", "e.g", "etc", "feb", "gen", "gov",
    "i.e", "inc", "jan", "jr", "jul", "jun", "ltd", "mar", "md", "messrs", "mr", "mrs", "ms", "mt", "nov", "oct",
    "p.m", "a.m", "ph.d", "prof", "rep", "rev", "sen", "sep", "sept", "sr", "st", "v.s", "vs",
];

/// Endings that are words of their own after a letter.
const CONTRACTIONS: &[&str] = &["'s", "'re", "'ve", "'ll", "'d", "'m", "’s", "’re", "’ve", "’ll", "’d", "’m"];

/// Calls `word` for each word and mark of `text` in order; every slice is part of `text` and not empty.
pub fn split_words<'t>(text: &'t str, mut word: impl FnMut(&'t str)) {
    for chunk in text.split(is_space) {
        if chunk.is_empty() {
            continue;
        }
        if chunk.bytes().all(|b| b.is_ascii_alphanumeric()) && chunk != "cannot" {
            word(chunk); // most words
        } else {
            split_chunk(chunk, &mut word);
        }
    }
}

fn split_chunk<'t>(mut chunk: &'t str, word: &mut impl FnMut(&'t str)) {
    while let Some(length) = prefix(chunk) {
        word(&chunk[..length]);
        chunk = &chunk[length..];
    }
    let whole = chunk;
    let mut end = chunk.len();
    while let Some(length) = suffix(&whole[..end]) {
        end -= length;
    }
    split_core(&whole[..end], word);
    // The suffixes stand in text order behind the core: walk them again from the left.
    let mut rest = &whole[end..];
    while !rest.is_empty() {
        let length = first_suffix(rest);
        word(&rest[..length]);
        rest = &rest[length..];
    }
}

fn is_opening(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '{'
            | '<'
            | '"'
            | '\''
            | '`'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '«'
            | '»'
            | '„'
            | '$'
            | '£'
            | '€'
            | '#'
            | '*'
            | '§'
            | '%'
            | '='
            | '+'
            | '–'
            | '—'
            | '•'
            | '&'
            | '|'
            | '/'
            | '~'
            | '…'
            | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | '_'
            | ')'
            | ']'
            | '}'
            | '>'
            | '°'
            | '¿'
            | '¡'
            | '№'
            | '·'
            | '。'
            | '，'
            | '、'
    )
}

fn is_closing(c: char) -> bool {
    is_opening(c) && !matches!(c, '$' | '£' | '€' | '#' | '<' | '+' | '&' | '=' | '/' | '~' | '(' | '[' | '{')
        || matches!(c, '™' | '®' | '©')
}

/// Bytes of the mark that leads `chunk`, if one does.
fn prefix(chunk: &str) -> Option<usize> {
    let first = chunk.chars().next()?;
    if first == '.' {
        let dots = leading_dots(chunk);
        return (dots > 1).then_some(dots).or_else(|| (chunk.len() == 1).then_some(1));
    }
    let contraction = CONTRACTIONS.contains(&chunk);
    (is_opening(first) && !contraction).then_some(first.len_utf8())
}

/// Bytes of the mark or ending that closes `chunk`, if one does.
fn suffix(chunk: &str) -> Option<usize> {
    let last = chunk.chars().next_back()?;
    if last == '.' {
        let dots = chunk.len() - chunk.trim_end_matches('.').len();
        if dots > 1 {
            return Some(dots);
        }
        return (!keeps_dot(&chunk[..chunk.len() - 1])).then_some(1);
    }
    if is_closing(last) && !is_address(chunk) || matches!(last, ',' | ';' | ':' | '!' | '?' | ')' | '"' | '”')
    {
        return Some(last.len_utf8());
    }
    let ending = CONTRACTIONS.iter().find(|ending| {
        let split = chunk.len().checked_sub(ending.len());
        split.and_then(|at| chunk.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
    })?;
    chunk[..chunk.len() - ending.len()]
        .chars()
        .next_back()
        .filter(|c| c.is_alphanumeric())
        .map(|_| ending.len())
}

/// Bytes of the first token in a run of suffixes.
fn first_suffix(rest: &str) -> usize {
    let dots = leading_dots(rest);
    let ending =
        CONTRACTIONS.iter().find(|&&c| rest.get(..c.len()).is_some_and(|head| head.eq_ignore_ascii_case(c)));
    ending.map(|ending| ending.len()).or((dots > 0).then_some(dots)).unwrap_or_else(|| first_len(rest))
}

fn leading_dots(text: &str) -> usize {
    text.len() - text.trim_start_matches('.').len()
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

/// `U.S`, `e.g`, `J`, `Mr`: what stands before a dot that belongs to the word.
fn keeps_dot(word: &str) -> bool {
    let single = |part: &str| part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic();
    if word.contains('.') && word.split('.').all(single) {
        return true;
    }
    if single(word) {
        return word.as_bytes()[0].is_ascii_uppercase();
    }
    word.len() <= 6 && ABBREVIATIONS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_address(chunk: &str) -> bool {
    let domain = |c: &str| {
        c.split('/').next().and_then(|host| host.rsplit_once('.')).is_some_and(|(head, tail)| {
            head.len() > 1
                && head.bytes().any(|b| b.is_ascii_alphabetic())
                && matches!(
                    tail,
                    "com" | "org" | "net" | "edu" | "gov" | "io" | "uk" | "de" | "fr" | "co" | "info"
                )
        })
    };
    chunk.contains("://") || chunk.starts_with("www.") || domain(chunk) || is_email(chunk)
}

fn is_email(chunk: &str) -> bool {
    chunk
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.ends_with('.'))
}

/// Splits what is left between leading and closing marks: inside marks and negations.
fn split_core<'t>(core: &'t str, word: &mut impl FnMut(&'t str)) {
    if core.is_empty() {
        return;
    }
    if is_address(core) {
        return word(core);
    }
    let mut start = 0;
    let mut before = None;
    let mut chars = core.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|&(_, c)| c);
        if let Some(length) = infix(&core[at..], before, c, after).filter(|_| at >= start) {
            if at > start {
                split_negation(&core[start..at], word);
            }
            word(&core[at..at + length]);
            start = at + length;
        }
        before = Some(c);
    }
    if start < core.len() {
        split_negation(&core[start..], word);
    }
}

/// Bytes of the mark at the head of `rest` that splits the word around it.
fn infix(rest: &str, before: Option<char>, c: char, after: Option<char>) -> Option<usize> {
    let (before, after) = (before?, after?);
    let letters = before.is_alphabetic() && after.is_alphabetic();
    let digits = before.is_ascii_digit() && after.is_ascii_digit();
    let splits = match c {
        '.' if after == '.' => return Some(leading_dots(rest)),
        '.' => before.is_lowercase() && after.is_uppercase(),
        '…' => true,
        ',' | '-' | '–' | '—' | '~' => letters || (matches!(c, '-' | '–') && digits),
        '+' | '*' | '^' => digits,
        ':' | '<' | '>' | '=' | '/' => before.is_alphanumeric() && after.is_alphabetic(),
        '(' | ')' | '[' | ']' | '{' | '}' | '"' | '“' | '”' => letters,
        _ => false,
    };
    splits.then_some(c.len_utf8())
}

/// `don't` is `do` and `n't`, `cannot` is `can` and `not`.
fn split_negation<'t>(part: &'t str, word: &mut impl FnMut(&'t str)) {
    let tail = ["n't", "n’t"].into_iter().find(|tail| {
        let at = part.len().checked_sub(tail.len()).filter(|&at| at > 0);
        at.and_then(|at| part.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(tail))
    });
    let tail = tail.or((part == "cannot").then_some("not"));
    let at = part.len() - tail.map_or(0, str::len);
    word(&part[..at]);
    if at < part.len() {
        word(&part[at..]);
    }
}

#[cfg(test)]
mod tests {
    use super::split_words;

    fn check(text: &str, expect: &str) {
        let mut words = Vec::new();
        split_words(text, |word| words.push(word));
        assert_eq!(words.join("|"), expect, "{text:?}");
    }

    #[test]
    fn words_are_near_spacys() {
        check("Hello, world!", "Hello|,|world|!");
        check("Don't we? I'm Bob's.", "Do|n't|we|?|I|'m|Bob|'s|.");
        check("in the U.S. e.g. Mr. Smith.", "in|the|U.S.|e.g.|Mr.|Smith|.");
        check("$1,234.50 (net)", "$|1,234.50|(|net|)");
        check("see https://a.b/c?d=e. ok", "see|https://a.b/c?d=e|.|ok");
        check("well-known and/or so...", "well|-|known|and|/|or|so|...");
        check("wait...what 10-12", "wait|...|what|10|-|12");
        check("\"Quoted,\" he cannot", "\"|Quoted|,|\"|he|can|not");
        check("... - --", "...|-|--");
    }

    #[test]
    fn nothing_but_space_is_lost() {
        let text = "a..b''s (“x”), §3: e.g.), .5 '' 's ’ll n't .....x!!! —";
        let mut joined = String::new();
        split_words(text, |word| joined.push_str(word));
        assert_eq!(joined, text.replace(' ', ""));
    }
}
