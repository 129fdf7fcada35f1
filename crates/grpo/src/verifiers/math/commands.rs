//! Letters, functions and commands of LaTeX.

use super::super::rational::Rational;
use super::node::Node;
use super::reader::{Digits, Reader};

/// Functions that may do without brackets.
const FUNCTIONS: [&str; 16] = [
    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec", "csc", "log",
    "ln", "lg", "exp",
];

/// Words that people type for a command.
const TYPED: [(&str, &str); 5] =
    [("sqrt", "sqrt"), ("pi", "pi"), ("infinity", "infty"), ("inf", "infty"), ("theta", "theta")];

impl Reader<'_> {
    /// A variable; or a function or command that somebody typed without its backslash.
    pub(super) fn letter(&mut self, letter: char) -> Option<Node> {
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let run = &self.rest[..end];
        if let Some(name) = FUNCTIONS.iter().find(|name| run.starts_with(**name)) {
            self.rest = &self.rest[name.len()..];
            return self.function(name);
        }
        if let Some((typed, name)) = TYPED.iter().find(|(typed, _)| run == *typed) {
            self.rest = &self.rest[typed.len()..];
            return if *name == "sqrt" { self.root() } else { Some(Node::Symbol((*name).to_owned())) };
        }
        self.rest = &self.rest[letter.len_utf8()..];
        Some(Node::Symbol(letter.to_string()))
    }

    /// What begins with a backslash.
    pub(super) fn commanded(&mut self) -> Option<Node> {
        if self.take("\\{") {
            if self.take("\\}") {
                return Some(Node::Set(vec![]));
            }
            let items = self.list()?;
            return self.take("\\}").then_some(Node::Set(items));
        }
        let name = self.command()?;
        self.take_command(name);
        match name {
            "frac" => {
                let over = self.argument(Digits::One)?;
                Some(Node::Quotient(Box::new(over), Box::new(self.argument(Digits::One)?)))
            }
            "sqrt" => self.root(),
            "binom" => {
                let over = self.argument(Digits::One)?;
                Some(Node::Call("binom".to_owned(), vec![over, self.argument(Digits::One)?]))
            }
            "text" => self.text(),
            "begin" => self.matrix(),
            "lfloor" => self.within("floor", "rfloor"),
            "lceil" => self.within("ceil", "rceil"),
            "overline" | "bar" | "vec" | "hat" | "widehat" | "overrightarrow" | "angle" | "triangle" => {
                Some(Node::Call(name.to_owned(), vec![self.argument(Digits::All)?]))
            }
            name if FUNCTIONS.contains(&name) => self.function(name),
            "emptyset" => Some(Node::Set(vec![])),
            "end" | "pm" | "mp" | "cup" | "cap" | "circ" => None,
            _ => Some(Node::Symbol(name.to_owned())),
        }
    }

    /// `\sqrt2`, `\sqrt[3]{2}`, `sqrt(2)`.
    fn root(&mut self) -> Option<Node> {
        let degree = if self.take("[") {
            let degree = self.sum()?;
            self.take("]").then_some(())?;
            degree
        } else {
            Node::Number(Rational::whole(2))
        };
        let inside = self.argument(Digits::All)?;
        let exponent = Node::Quotient(Box::new(Node::Number(Rational::ONE)), Box::new(degree));
        Some(Node::Power(Box::new(inside), Box::new(exponent)))
    }

    /// `\sin^2 3x`, `\log_2 8`: its exponent, its base, and what it is of.
    fn function(&mut self, name: &str) -> Option<Node> {
        let base = if self.take("_") { Some(self.argument(Digits::All)?) } else { None };
        let exponent = if self.take("^") { Some(self.argument(Digits::All)?) } else { None };
        let mut of = vec![self.postfix()?];
        while self.peek().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '\\')
            && self.continues_argument()
        {
            of.push(self.postfix()?);
        }
        let of = if of.len() == 1 { of.pop()? } else { Node::Product(of) };
        let call = Node::Call(name.to_owned(), std::iter::once(of).chain(base).collect());
        Some(match exponent {
            Some(exponent) => Node::Power(Box::new(call), Box::new(exponent)),
            None => call,
        })
    }

    /// `\sin 2\pi x`, but not `\sin x \cos x` or words.
    fn continues_argument(&self) -> bool {
        let rest = self.rest.trim_start();
        let typed = FUNCTIONS.iter().any(|name| rest.starts_with(name));
        match self.command() {
            Some(name) => {
                matches!(name, "pi" | "theta" | "alpha" | "beta" | "phi" | "omega" | "frac" | "sqrt")
            }
            None => {
                !typed && !rest.starts_with('\\') && !rest.starts_with("and ") && !rest.starts_with("or ")
            }
        }
    }

    /// Words where mathematics was expected.
    fn text(&mut self) -> Option<Node> {
        self.space();
        let end = super::super::result::closing(self.rest).filter(|_| self.rest.starts_with('{'))?;
        let words = self.rest[1..end].trim().to_lowercase();
        self.rest = &self.rest[end + 1..];
        (!words.is_empty()).then_some(Node::Symbol(words))
    }

    fn within(&mut self, name: &str, close: &str) -> Option<Node> {
        let inside = self.sum()?;
        self.take_command(close).then(|| Node::Call(name.to_owned(), vec![inside]))
    }

    /// Rows between `\\`, cells between `&`.
    fn matrix(&mut self) -> Option<Node> {
        self.take("{").then_some(())?;
        let (kind, rest) = self.rest.split_once('}')?;
        self.rest = rest;
        match kind {
            "pmatrix" | "bmatrix" | "matrix" | "vmatrix" | "Bmatrix" | "smallmatrix" => {}
            "array" => {
                self.take("{").then_some(())?;
                self.rest = self.rest.split_once('}')?.1;
            }
            _ => return None,
        }
        let mut rows = vec![vec![]];
        loop {
            rows.last_mut()?.push(self.relation()?);
            if self.take("&") {
                continue;
            }
            let another = self.take("\\\\");
            if self.take_command("end") {
                break;
            }
            another.then(|| rows.push(vec![]))?;
        }
        self.take("{").then_some(())?;
        self.rest = self.rest.strip_prefix(kind)?;
        self.take("}").then_some(Node::Matrix(rows))
    }
}
