//! `countdown`: a sum, product and so on of given numbers that reaches a target.

use rl::{Answer, Problem};

use super::rational::Rational;
use super::result::result;
use super::{meta, right_if};
use crate::Verifier;

/// The last expression of the [result](super) uses each number of `{"numbers": [3, 4, 5], "target": 35}` exactly once
/// and has the target for its value; `= 35` may stand behind it. It has `+ - * /` and brackets, is reckoned exactly
/// and executed by nobody. Many expressions are right, whatever the problem's answer is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Countdown;

/// Bytes of an expression, and brackets within brackets, at most.
const LONGEST: usize = 512;
const DEEPEST: usize = 32;

impl Verifier for Countdown {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        let meta = meta(problem)?;
        let given = meta.get("numbers")?.as_array()?.iter().map(serde_json::Value::as_i64);
        let mut given: Vec<i128> =
            given.map(|number| Some(i128::from(number?).abs())).collect::<Option<_>>()?;
        let target = Rational::whole(meta.get("target")?.as_i64()?);
        let reached = expression(result(answer.text), target).and_then(|expression| value(&expression));
        right_if(reached.is_some_and(|(value, mut used)| {
            given.sort_unstable();
            used.sort_unstable();
            value == target && used == given
        }))
    }
}

/// The last expression of a text, without what it is said to equal, which has to be the target.
fn expression(text: &str, target: Rational) -> Option<String> {
    let text = [("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", "")]
        .iter()
        .fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain));
    let text: String = text.chars().map(plain).collect();
    let text = text.trim_end_matches(|letter: char| !letter.is_ascii_digit() && letter != ')');
    let (left, claimed) = text.rsplit_once('=').unwrap_or((text, ""));
    if !claimed.is_empty() && value(claimed)?.0 != target {
        return None;
    }
    let belongs = |letter: char| letter.is_ascii_digit() || "+-*/() ".contains(letter);
    let left = left.trim_end();
    let start = left
        .rfind(|letter: char| !belongs(letter))
        .map_or(0, |at| at + left[at..].chars().next().map_or(1, char::len_utf8));
    Some(left[start..].trim().to_owned())
}

fn plain(letter: char) -> char {
    match letter {
        '×' | '·' | '⋅' | '∗' => '*',
        '÷' | '∕' | '⁄' => '/',
        '−' | '–' => '-',
        '[' => '(',
        ']' => ')',
        _ => letter,
    }
}

/// The value of an expression and the numbers in it.
fn value(expression: &str) -> Option<(Rational, Vec<i128>)> {
    if expression.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { rest: expression, depth: 0, numbers: vec![] };
    let value = reader.sum()?;
    reader.peek().is_none().then_some((value, reader.numbers))
}

/// What is left of an expression, one function a level of the grammar.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
    numbers: Vec<i128>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_start();
        self.rest.bytes().next()
    }

    fn take(&mut self, wanted: &[u8]) -> Option<u8> {
        let next = self.peek().filter(|next| wanted.contains(next))?;
        self.rest = &self.rest[1..];
        Some(next)
    }

    /// `product (+|- product)*`
    fn sum(&mut self) -> Option<Rational> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(b"+-") {
            let next = self.product()?;
            value = value.plus(if sign == b'+' { next } else { next.negated() })?;
        }
        Some(value)
    }

    /// `factor (*|/ factor)*`
    fn product(&mut self) -> Option<Rational> {
        let mut value = self.factor()?;
        while let Some(sign) = self.take(b"*/") {
            let next = self.factor()?;
            value = value.times(if sign == b'*' { next } else { next.inverse()? })?;
        }
        Some(value)
    }

    /// A number, `-factor` or `(sum)`.
    fn factor(&mut self) -> Option<Rational> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = if self.take(b"-").is_some() {
            self.factor()?.negated()
        } else if self.take(b"(").is_some() {
            let value = self.sum()?;
            self.take(b")")?;
            value
        } else {
            self.number()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn number(&mut self) -> Option<Rational> {
        self.peek();
        let end = self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let number = digits.parse::<i64>().ok()?;
        self.rest = rest;
        self.numbers.push(i128::from(number));
        Some(Rational::whole(number))
    }
}

#[cfg(test)]
mod tests {
    use rl::Problem;

    use super::Countdown;
    use crate::Verifier;

    #[test]
    fn given_numbers_reach_the_target_once_each() {
        let meta = Some(r#"{"numbers":[3,4,5],"target":35}"#.to_owned());
        let problem = Problem { answer: "(3 + 4) * 5".to_owned(), meta, ..Problem::default() };
        for (said, right) in [
            ("(3 + 4) * 5", true),
            ("3 + 4 = 7. 7 * 5 = 35. The answer is (3 + 4) * 5.", true),
            ("The answer is 5*(4+3) = 35.", true),
            ("It can be done: 5 × (3 + 4) = 35", true),
            (r"\boxed{5 \times (3 + 4)}", true),
            ("<think> 3 + 4 </think> <answer> (3+4)*5 </answer>", true),
            ("-(-3 - 4) * 5", true),
            ("(3 + 4) * 5 = 36", false),
            ("3 + 4 * 5", false),
            ("35", false),
            ("(3 + 4) * 5 * 1", false),
            ("(3 + 4) * (2 + 3)", false),
            ("(3 + 4) * 5 / (3 - 3)", false),
            ("3 + 4 = 7 * 5 = 35", false),
            ("(3 + 4) 5", false),
            ("", false),
            ("(", false),
        ] {
            assert_eq!(Countdown.verify(&problem, &said.into()), Some(f32::from(u8::from(right))), "{said}");
        }
        let deep = format!("{}3{}", "(".repeat(100), ")".repeat(100));
        assert_eq!(Countdown.verify(&problem, &deep.as_str().into()), Some(0.0));
        assert_eq!(Countdown.verify(&Problem { meta: None, ..problem }, &"3".into()), None);
    }

    #[test]
    fn what_it_divides_by_may_be_a_fraction() {
        let meta = Some(r#"{"numbers":[8,3,8,3],"target":24}"#.to_owned());
        let problem = Problem { meta, ..Problem::default() };
        assert_eq!(Countdown.verify(&problem, &"8 / (3 - 8 / 3)".into()), Some(1.0));
    }
}
