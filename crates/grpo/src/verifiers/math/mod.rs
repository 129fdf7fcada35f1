//! `math`: the same mathematics, in LaTeX or as people write it.
//!
//! Both sides are made tidy, read, and reckoned with exactly: sums and products are sorted out, roots taken of what
//! has them, and two fractions are the same where their products crosswise are. What is no expression is compared part
//! by part: points and intervals in order, sets in any. What cannot be read has to be written the same.
//!
//! What counts as the same, and what not:
//!
//! - `50 %` = `0.5` = `1/2`; where the answer has `%`, or the question asks for percent, the sign may be left away.
//! - Units, money and degrees are not compared: `5`, `$5` and `5\text{ inches}` are one answer.
//! - Several answers with commas or `and` between may stand in any order, unless the question tells of an order.
//! - A letter before it, `x = 5` or `x \in [0, 1]`, may be left away.
//! - Numbers have to be worked out: `3 + 4` is not 7. Where the question says *factor* or *expand*, as many factors
//!   have to be there as in the answer; otherwise `(x + 1)^2` is `x^2 + 2x + 1`.
//! - `1{,}234` and `1,234` are one number; `1,234` is two as well, if that is what makes it right.

mod commands;
mod form;
mod fraction;
mod node;
mod polynomial;
mod reader;
mod tidy;
mod unit;
mod worded;
mod written;

use rl::{Answer, Problem};

use self::form::{Form, Order};
use self::node::Node;
use self::polynomial::Work;
use self::reader::{Commas, read};
use self::tidy::{squeezed, tidy};
use super::numeric::asks_percent;
use super::result::result;
use super::{has_answer, right_if};
use crate::Verifier;

/// The same mathematics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Math;

/// Bytes of an answer that are read, at most (a longer one has to be written the same), and products that are reckoned for it.
const LONGEST: usize = 2_048;
const WORK: u32 = 60_000;

impl Verifier for Math {
    fn verify(&self, problem: &Problem, answer: &Answer<'_>) -> Option<f32> {
        has_answer(problem)?;
        let asked = problem.asked.to_lowercase();
        let told = asked.contains(" order") && !asked.contains("any order") || asked.contains("respectively");
        let question = Question {
            order: if told { Order::Told } else { Order::Free },
            percent: asks_percent(&asked),
            factors: asked.contains("factor") || asked.contains("expand"),
        };
        right_if(question.is_same(expression(&problem.answer), expression(answer.text)))
    }
}

/// What a question says of how answers to it are compared.
struct Question {
    order: Order,
    percent: bool,
    /// Whether it asks for factors, or for none.
    factors: bool,
}

impl Question {
    fn is_same(&self, gold: &str, said: &str) -> bool {
        if gold.len() > LONGEST || said.len() > LONGEST {
            return gold.trim() == said.trim();
        }
        let (gold, said) = (tidy(gold), tidy(said));
        let is_written_so = squeezed(&gold) == squeezed(&said) && !squeezed(&said).is_empty();
        is_written_so
            || worded::is_same(&gold, &said)
            || self.means(&gold, &said)
            || self.percent_may_go(&gold, &said) && self.means(&gold.replace('%', ""), &said.replace('%', ""))
    }

    /// Whether only one has the sign, and it may be left away.
    fn percent_may_go(&self, gold: &str, said: &str) -> bool {
        match (gold.contains('%'), said.contains('%')) {
            (true, false) => true,
            (false, true) => self.percent,
            _ => false,
        }
    }

    fn means(&self, gold: &str, said: &str) -> bool {
        let (gold, said) = (readings(gold), readings(said));
        gold.iter().any(|gold| said.iter().any(|said| self.are_same(gold, said)))
    }

    fn are_same(&self, gold: &Node, said: &Node) -> bool {
        let mut work = Work(WORK);
        let mut is_same = |gold: &Node, said: &Node| {
            let (right, form) = (Form::of(gold, &mut work), Form::of(said, &mut work));
            right.is(&form, self.order, &mut work)
                && written::is_worked_out(gold, said)
                && (!self.factors || written::factors(gold) == written::factors(said))
        };
        let bare = (written::without_letter(gold), written::without_letter(said));
        match (bare.0 == gold, bare.1 == said) {
            (true, true) => {
                is_same(gold, said) || last_side(gold, said).is_some_and(|last| is_same(gold, last))
            }
            // both say of which letter
            (false, false) => is_same(gold, said),
            _ => is_same(bare.0, bare.1) || is_same(gold, said),
        }
    }
}

/// `7` of `3 + 4 = 7`, where only the 7 was asked for.
fn last_side<'a>(gold: &Node, said: &'a Node) -> Option<&'a Node> {
    match (gold, said) {
        (Node::Chain(..), _) => None,
        (_, Node::Chain(relations, sides)) => {
            sides.last().filter(|_| relations.iter().all(|relation| *relation == node::Relation::Equal))
        }
        _ => None,
    }
}

/// The result, and of a sentence only the mathematics in it.
fn expression(text: &str) -> &str {
    let result = result(text);
    if result.len() == text.len() && !text.contains('$') {
        return text;
    }
    // what `answer is` begins ends with the sentence
    let line = result.trim_start_matches([' ', ':', '\n']).lines().next().unwrap_or("");
    let sentence = line.split(". ").next().unwrap_or(line);
    let mut dollars =
        sentence.match_indices('$').map(|(at, _)| at).filter(|at| !sentence[..*at].ends_with('\\'));
    let inside = dollars.next_back().zip(dollars.next_back()).map(|(close, open)| &sentence[open + 1..close]);
    match inside {
        Some(inside)
            if !inside.trim().is_empty()
                && !inside.starts_with(['^', '_'])
                && sentence.chars().any(char::is_alphabetic) =>
        {
            inside
        }
        _ => sentence,
    }
}

/// What a text may mean, in the order in which one would think of it.
fn readings(tidy: &str) -> Vec<Node> {
    let both = plus_and_minus(tidy);
    let mut texts = vec![both.as_str()];
    texts.extend(unit::without(&both));
    let has_comma = both.contains(',');
    let mut nodes: Vec<Node> = vec![];
    for text in texts {
        for commas in [Commas::OfThousands, Commas::Between] {
            if commas == Commas::OfThousands || has_comma {
                nodes.extend(read(text, commas));
            }
        }
    }
    nodes.dedup();
    nodes
}

/// `1 \pm 2` is `1 + 2` and `1 - 2`, as one of several answers or all of it.
fn plus_and_minus(tidy: &str) -> String {
    let is_double = |text: &str| text.contains("\\pm ") || text.contains("\\mp ");
    if !is_double(tidy) {
        return tidy.to_owned();
    }
    let both = |text: &str| {
        let with = |plus: &str, minus: &str| text.replace("\\pm ", plus).replace("\\mp ", minus);
        format!("{}, {}", with("+", "-"), with("-", "+"))
    };
    let inside = tidy.strip_prefix("\\{").and_then(|inside| inside.strip_suffix("\\}")).unwrap_or(tidy);
    if inside
        .split(',')
        .any(|part| part.matches(['(', '[', '{']).count() != part.matches([')', ']', '}']).count())
    {
        return both(tidy);
    }
    let parts = inside.split(',').map(|part| if is_double(part) { both(part) } else { part.to_owned() });
    parts.collect::<Vec<_>>().join(",")
}
