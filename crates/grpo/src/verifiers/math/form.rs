//! What an answer says, reckoned as far as it can be.

use super::fraction::Fraction;
use super::node::{Node, Relation};
use super::polynomial::Work;

/// An answer, ready to be compared.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Value(Fraction),
    Tuple(char, Vec<Form>, char),
    /// In braces, with commas between, or a union: in whatever order.
    Together(Kind, Vec<Form>),
    Matrix(Vec<Vec<Form>>),
    Chain(Vec<Relation>, Vec<Form>),
    /// What nobody can reckon with: the same only if it is written so.
    Other(Node),
}

/// What holds several things together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Braces,
    Union,
}

/// Parts of one answer that are compared in every order, at most.
const MOST_PARTS: usize = 64;

impl Form {
    pub(super) fn of(node: &Node, work: &mut Work) -> Self {
        let mut all = |nodes: &[Node]| nodes.iter().map(|node| Self::of(node, work)).collect::<Vec<_>>();
        match node {
            Node::Tuple(open, items, close) => Self::Tuple(*open, all(items), *close),
            Node::Set(items) | Node::List(items) => Self::Together(Kind::Braces, all(items)),
            Node::Union(parts) => Self::Together(Kind::Union, all(parts)),
            Node::Matrix(rows) => Self::Matrix(rows.iter().map(|row| all(row)).collect()),
            Node::Chain(relations, sides) => Self::Chain(relations.clone(), all(sides)),
            node => Fraction::of(node, work).map_or_else(|| Self::Other(node.clone()), Self::Value),
        }
    }

    /// Whether both say the same.
    pub(super) fn is(&self, other: &Self, order: Order, work: &mut Work) -> bool {
        match (self, other) {
            (Self::Value(left), Self::Value(right)) => left.equals(right, work).unwrap_or(false),
            (Self::Tuple(open, left, close), Self::Tuple(other_open, right, other_close)) => {
                (open, close) == (other_open, other_close) && in_order(left, right, order, work)
            }
            (Self::Together(kind, left), Self::Together(other_kind, right)) => {
                kind == other_kind
                    && match order {
                        Order::Told => in_order(left, right, order, work),
                        Order::Free => in_some_order(left, right, work),
                    }
            }
            (Self::Matrix(left), Self::Matrix(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| in_order(left, right, order, work))
            }
            (Self::Chain(left, sides), Self::Chain(right, other_sides)) => {
                let turned: Vec<Relation> = right.iter().rev().map(|relation| relation.turned()).collect();
                left == right && in_order(sides, other_sides, order, work)
                    || *left == turned && {
                        let turned: Vec<Self> = other_sides.iter().rev().cloned().collect();
                        in_order(sides, &turned, order, work)
                    }
                    || is_same_equation(self, other, work).unwrap_or(false)
            }
            (Self::Other(left), Self::Other(right)) => left == right,
            _ => false,
        }
    }
}

/// Whether the order of several answers matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The question told one.
    Told,
    /// Any will do.
    Free,
}

fn in_order(left: &[Form], right: &[Form], order: Order, work: &mut Work) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.is(right, order, work))
}

fn in_some_order(left: &[Form], right: &[Form], work: &mut Work) -> bool {
    if left.len() != right.len() || left.len() > MOST_PARTS {
        return false;
    }
    let mut open: Vec<&Form> = right.iter().collect();
    left.iter().all(|part| {
        let at = open.iter().position(|other| part.is(other, Order::Free, work));
        at.map(|at| open.swap_remove(at)).is_some()
    })
}

/// `2x + y = 3` and `3 - y = 2x`: all on one side, and one a multiple of the other. Not where a letter stands alone,
/// which is to be `x = 3` in the end.
fn is_same_equation(left: &Form, right: &Form, work: &mut Work) -> Option<bool> {
    let one_side = |form: &Form, work: &mut Work| match form {
        Form::Chain(relations, sides) if relations[..] == [Relation::Equal] => match &sides[..] {
            [Form::Value(left), Form::Value(right)] => Some(left.plus(&right.negated()?, work)?.over),
            _ => None,
        },
        _ => None,
    };
    let (left, right) = (one_side(left, work)?, one_side(right, work)?);
    let (left, right) =
        (left.scaled(left.leading()?.inverse()?)?, right.scaled(right.leading()?.inverse()?)?);
    Some(left == right)
}
