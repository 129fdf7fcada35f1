//! Sums, products and brackets.

use super::Tool;
use super::rational::Rational;

/// Reads `+ − * / ( )` and decimal numbers; nothing else is ever carried out. Results are exact.
///
/// ```
/// use chat::{Calculator, Tool};
///
/// assert_eq!(Calculator.call("1/3 * 3 + 2 * -4").as_deref(), Ok("-7"));
/// assert_eq!(Calculator.call("2 +").unwrap_err(), "a number is missing at the end");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Calculator;

/// Bytes of an expression, and brackets within brackets, at most.
const LONGEST: usize = 256;
const DEEPEST: usize = 32;

impl Tool for Calculator {
    fn name(&self) -> &'static str {
        "calculate"
    }

    fn call(&self, request: &str) -> Result<String, String> {
        if request.len() > LONGEST {
            return Err(format!("more than {LONGEST} characters"));
        }
        let mut reader = Reader { rest: request, depth: 0 };
        let value = reader.sum()?;
        match reader.peek() {
            None => Ok(value.to_string()),
            Some(other) => Err(format!("{other:?} is not expected")),
        }
    }

    fn description(&self) -> &'static str {
        "Works out sums, differences, products and quotients, with brackets, exactly."
    }

    fn argument(&self) -> &'static str {
        "expression"
    }
}

/// What is left of an expression. One function a level of the grammar, each as in any book on compilers.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let next = self.peek().filter(|next| wanted.contains(next))?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    /// `product (+|- product)*`
    fn sum(&mut self) -> Result<Rational, String> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(&['+', '-', '−']) {
            let next = self.product()?;
            let next = if sign == '+' { Some(next) } else { next.negated() };
            value = next.and_then(|next| value.plus(next)).ok_or("the number is too large")?;
        }
        Ok(value)
    }

    /// `factor (*|/ factor)*`
    fn product(&mut self) -> Result<Rational, String> {
        let mut value = self.factor()?;
        while let Some(sign) = self.take(&['*', '×', '/', '÷']) {
            let next = self.factor()?;
            let next = match sign {
                '*' | '×' => next,
                _ => next.inverse().ok_or("nothing can be divided by 0")?,
            };
            value = value.times(next).ok_or("the number is too large")?;
        }
        Ok(value)
    }

    /// A number, `-factor` or `(sum)`.
    fn factor(&mut self) -> Result<Rational, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("too many brackets".to_owned());
        }
        let value = if self.take(&['-', '−']).is_some() {
            self.factor()?.negated().ok_or("the number is too large")?
        } else if self.take(&['(']).is_some() {
            let value = self.sum()?;
            self.take(&[')']).ok_or("a bracket is not closed")?;
            value
        } else {
            self.number()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn number(&mut self) -> Result<Rational, String> {
        self.peek();
        let end = self.rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if digits.is_empty() {
            return Err(match rest.chars().next() {
                Some(other) => format!("{other:?} is not expected"),
                None => "a number is missing at the end".to_owned(),
            });
        }
        self.rest = rest;
        Rational::parse(digits).ok_or_else(|| format!("{digits} is no number, or too large"))
    }
}
