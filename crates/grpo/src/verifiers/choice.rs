//! `choice`: one of several answers, by its letter or its words.

use rl::{Answer, Problem};

use super::result::result;
use super::words::plain;
use super::{has_answer, meta, right_if};
use crate::Verifier;

/// The [result](super) is the right choice and nothing else: its words, its letter, or both, `(B)`, `B. 9.9`. The
/// choices stand in the problem as `{"choices": ["9.11", "9.9"]}`; the first one is A, if no choice has that for its
/// words. Without choices the words of the answer count, as for [`Exact`](super::Exact).
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice;

impl Verifier for Choice {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        let (said, gold) = (plain(result(answer.text)), plain(&problem.answer));
        if said == gold {
            return right_if(!said.is_empty());
        }
        let choices = choices(problem);
        let right = chosen(&choices, &gold);
        right_if(right.is_some() && chosen(&choices, &said) == right)
    }
}

fn choices(problem: &Problem) -> Vec<String> {
    let meta = meta(problem).unwrap_or_default();
    let choices = meta.get("choices").and_then(|choices| choices.as_array());
    choices.into_iter().flatten().filter_map(|choice| Some(plain(choice.as_str()?))).collect()
}

/// Which of the choices words mean.
fn chosen(choices: &[String], words: &str) -> Option<usize> {
    let by_words = |words: &str| choices.iter().position(|choice| choice == words);
    let by_letter = |letter: &str| {
        let at = match letter.as_bytes() {
            [letter @ b'a'..=b'z'] => usize::from(letter - b'a'),
            _ => return None,
        };
        (at < choices.len()).then_some(at)
    };
    by_words(words).or_else(|| by_letter(words)).or_else(|| {
        let (letter, rest) = words.split_once(' ')?;
        let at = by_letter(letter.trim_end_matches(|mark: char| !mark.is_alphanumeric()))?;
        (choices[at] == rest).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use rl::Problem;

    use super::Choice;
    use crate::Verifier;

    #[test]
    fn words_and_letters_choose() {
        let meta = Some(r#"{"choices":["9.11","9.9","a"]}"#.to_owned());
        let verify = |gold: &str, said: &str| {
            let problem = Problem { answer: gold.to_owned(), meta: meta.clone(), ..Problem::default() };
            Choice.verify(&problem, &said.into())
        };
        for (gold, said, right) in [
            ("9.9", "The answer is 9.9.", true),
            ("9.9", "(B)", true),
            ("B", "9.9", true),
            ("B", "b", true),
            ("9.9", "B) 9.9", true),
            ("9.9", "B 9.11", false),
            ("9.9", "9.11", false),
            ("9.9", "9.9 or 9.11", false),
            ("9.9", "a", false),
            ("9.11", "A", false),
            ("9.9", "z", false),
            ("9.9", "", false),
        ] {
            assert_eq!(verify(gold, said), Some(f32::from(u8::from(right))), "{gold}: {said}");
        }
    }
}
