//! What has to be asked besides of what is written, where two answers have one value.

use super::node::{Node, Relation};

/// Whether an answer is worked out as far as the right one: where that has only numbers, `3 + 4` is not yet 7, or else
/// the question would be its own answer. Fractions, percent and powers of ten are numbers; `14/2` is one.
pub(super) fn is_worked_out(gold: &Node, said: &Node) -> bool {
    !leaves(gold).all(is_number) || leaves(said).all(is_number)
}

/// The parts that stand by themselves.
fn leaves(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match without_letter(node) {
        Node::Tuple(_, items, _) | Node::Set(items) | Node::List(items) | Node::Union(items) => {
            Box::new(items.iter().flat_map(leaves))
        }
        Node::Matrix(rows) => Box::new(rows.iter().flatten().flat_map(leaves)),
        Node::Chain(_, sides) => Box::new(sides.iter().flat_map(leaves)),
        node => Box::new(std::iter::once(node)),
    }
}

fn is_whole(node: &Node) -> bool {
    matches!(node, Node::Number(number) if number.as_whole().is_some())
}

fn is_number(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Negative(inside) | Node::Percent(inside) => is_number(inside),
        Node::Quotient(over, under) => {
            let over = if let Node::Negative(over) = &**over { over } else { over };
            is_whole(over) && is_whole(under)
        }
        Node::Product(factors) => match &factors[..] {
            [number, power] => is_number(number) && is_power_of_ten(power),
            _ => false,
        },
        node => is_power_of_ten(node),
    }
}

fn is_power_of_ten(node: &Node) -> bool {
    match node {
        Node::Power(base, exponent) => {
            let is_ten = matches!(&**base, Node::Number(ten) if ten.as_whole() == Some(10));
            let exponent = if let Node::Negative(exponent) = &**exponent { exponent } else { exponent };
            is_ten && is_whole(exponent)
        }
        _ => false,
    }
}

/// How many factors with letters in them a product has: what a question to factor, or to expand, asks for.
pub(super) fn factors(node: &Node) -> usize {
    match node {
        Node::Negative(inside) => factors(inside),
        Node::Product(all) => all.iter().map(factors).sum(),
        Node::Quotient(over, _) => factors(over),
        Node::Power(base, exponent) => {
            let times = match &**exponent {
                Node::Number(times) => times.as_whole().and_then(|times| usize::try_from(times).ok()),
                _ => None,
            };
            factors(base).saturating_mul(times.unwrap_or(1))
        }
        Node::Chain(_, sides) => sides.last().map_or(0, factors),
        node => usize::from(has_letter(node)),
    }
}

fn has_letter(node: &Node) -> bool {
    match node {
        Node::Symbol(name) => !matches!(name.as_str(), "i" | "pi"),
        Node::Negative(inside) | Node::Percent(inside) => has_letter(inside),
        Node::Sum(all) | Node::Product(all) | Node::Call(_, all) => all.iter().any(has_letter),
        Node::Quotient(one, other) | Node::Power(one, other) => has_letter(one) || has_letter(other),
        _ => false,
    }
}

/// What a letter is said to be, or which set it is from: `3` of `x = 3`.
pub(super) fn without_letter(node: &Node) -> &Node {
    match node {
        Node::Chain(relations, sides) => match (&relations[..], &sides[..]) {
            ([Relation::Equal | Relation::In], [left, right]) if is_letter(left) => without_letter(right),
            ([Relation::Equal], [left, right]) if is_letter(right) => without_letter(left),
            _ => node,
        },
        node => node,
    }
}

fn is_letter(node: &Node) -> bool {
    match node {
        Node::Symbol(_) => true,
        Node::Call(name, of) => name == "base" && matches!(of.first(), Some(Node::Symbol(_))),
        // f(x) = …
        Node::Product(factors) => matches!(&factors[..], [Node::Symbol(_), Node::Symbol(_)]),
        _ => false,
    }
}
