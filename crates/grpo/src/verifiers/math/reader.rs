//! Reads mathematics: LaTeX and what people type, one function a level of the grammar.

use super::super::rational::Rational;
use super::node::{Node, Relation};

/// What a comma before three digits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commas {
    /// Part of a number.
    OfThousands,
    /// Between two numbers.
    Between,
}

/// Levels within levels, at most.
const DEEPEST: usize = 40;

/// Reads all of a [tidy](super::tidy::tidy) text, or nothing.
pub(super) fn read(text: &str, commas: Commas) -> Option<Node> {
    let mut reader = Reader { rest: text, commas, depth: 0, is_bare: false };
    let mut items = reader.list()?;
    reader.space();
    (reader.rest.is_empty()).then_some(())?;
    if items.len() == 1 { items.pop() } else { Some(Node::List(items)) }
}

/// What is left of a text.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
    commas: Commas,
    depth: usize,
    /// Whether what was read last are digits, without brackets or anything behind them.
    is_bare: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn peek(&mut self) -> Option<char> {
        self.space();
        self.rest.chars().next()
    }

    pub(super) fn take(&mut self, wanted: &str) -> bool {
        self.space();
        let found = self.rest.strip_prefix(wanted);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// The name of the command that comes next.
    pub(super) fn command(&self) -> Option<&'a str> {
        let name = self.rest.trim_start().strip_prefix('\\')?;
        let end = name.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(name.len());
        (end > 0).then_some(&name[..end])
    }

    pub(super) fn take_command(&mut self, wanted: &str) -> bool {
        let found = self.command() == Some(wanted);
        if found {
            self.space();
            self.rest = &self.rest[1 + wanted.len()..];
        }
        found
    }

    /// Words of a text within mathematics, if that comes next.
    fn words(&self) -> Option<(&'a str, &'a str)> {
        let inside = self.rest.trim_start().strip_prefix("\\text")?.trim_start();
        let end = super::super::result::closing(inside).filter(|_| inside.starts_with('{'))?;
        Some((inside[1..end].trim(), &inside[end + 1..]))
    }

    /// A comma, `and`, `or`, or several of them in a row.
    fn separator(&mut self) -> bool {
        let mut found = false;
        loop {
            let is_and = |words: &str| matches!(words, "and" | "or" | "and " | "or ");
            let rest = self.rest.trim_start();
            let plain = ["and ", "or "].iter().find_map(|word| rest.strip_prefix(word));
            self.rest = match (rest.strip_prefix([',', ';']), self.words(), plain) {
                (Some(rest), _, _) | (_, _, Some(rest)) => rest,
                (_, Some((words, rest)), _) if is_and(words) => rest,
                _ => return found,
            };
            found = true;
        }
    }

    /// `relation (, relation)*`
    pub(super) fn list(&mut self) -> Option<Vec<Node>> {
        let mut items = vec![self.relation()?];
        while self.separator() {
            items.push(self.relation()?);
        }
        Some(items)
    }

    /// `union ((=|<|…) union)*`
    pub(super) fn relation(&mut self) -> Option<Node> {
        let (mut relations, mut sides) = (vec![], vec![self.union()?]);
        while let Some(relation) = self.sign_of_relation() {
            relations.push(relation);
            sides.push(self.union()?);
        }
        if relations.is_empty() { sides.pop() } else { Some(Node::Chain(relations, sides)) }
    }

    fn sign_of_relation(&mut self) -> Option<Relation> {
        const SIGNS: [(&str, Relation); 10] = [
            ("<=", Relation::LessOrEqual),
            (">=", Relation::MoreOrEqual),
            ("!=", Relation::Unequal),
            ("=", Relation::Equal),
            ("<", Relation::Less),
            (">", Relation::More),
            (":", Relation::Ratio),
            ("\\leq ", Relation::LessOrEqual),
            ("\\geq ", Relation::MoreOrEqual),
            ("\\ne ", Relation::Unequal),
        ];
        let found = SIGNS.iter().find(|(sign, _)| self.take(sign)).map(|(_, relation)| *relation);
        found.or_else(|| self.take_command("in").then_some(Relation::In))
    }

    /// `sum ((∪|∩|∖) sum)*`
    fn union(&mut self) -> Option<Node> {
        let mut parts = vec![self.sum()?];
        loop {
            if self.take_command("cup") {
                parts.push(self.sum()?);
            } else if let Some(name) = self.command().filter(|name| matches!(*name, "cap" | "setminus")) {
                self.take_command(name);
                let last = parts.pop()?;
                parts.push(Node::Call(name.to_owned(), vec![last, self.sum()?]));
            } else {
                return if parts.len() == 1 { parts.pop() } else { Some(Node::Union(parts)) };
            }
        }
    }

    /// `(+|-)? product ((+|-) product)*`
    pub(super) fn sum(&mut self) -> Option<Node> {
        let mut terms = vec![];
        loop {
            let minus = self.take("-");
            if !minus && !self.take("+") && !terms.is_empty() {
                break;
            }
            let term = self.product()?;
            terms.push(if minus { Node::Negative(Box::new(term)) } else { term });
        }
        if terms.len() == 1 { terms.pop() } else { Some(Node::Sum(terms)) }
    }

    /// `signed ((*|/|) signed)*`; words behind are a unit, and left away.
    fn product(&mut self) -> Option<Node> {
        let mut factors = vec![self.signed()?];
        loop {
            if self.take("*") {
                factors.push(self.signed()?);
            } else if self.take("/") {
                let over = product_of(factors)?;
                factors = vec![Node::Quotient(Box::new(over), Box::new(self.signed()?))];
            } else if let Some((words, rest)) = self.words() {
                if matches!(words, "and" | "or") {
                    break;
                }
                self.rest = rest;
                self.exponent_of_unit();
            } else if self.begins_factor() {
                self.beside(&mut factors)?;
            } else {
                break;
            }
        }
        product_of(factors)
    }

    /// The 2 of square metres.
    fn exponent_of_unit(&mut self) {
        for exponent in ["^2", "^3", "^{2}", "^{3}"] {
            self.take(exponent);
        }
    }

    /// A factor without a sign before it; `1 \frac12` and `1 1/2` are mixed numbers.
    fn beside(&mut self, factors: &mut Vec<Node>) -> Option<()> {
        // `(1)(1/2)` and `(-1) 3` are products
        let whole = match factors.last() {
            Some(Node::Number(number)) if self.is_bare => number.as_whole(),
            _ => None,
        };
        let digit = self.is_bare && self.peek().is_some_and(|letter| letter.is_ascii_digit());
        let begins_fraction = digit || self.command() == Some("frac");
        let next = self.postfix()?;
        let next = if digit {
            // two numbers side by side are nothing else
            whole?;
            self.take("/").then_some(())?;
            Node::Quotient(Box::new(next), Box::new(self.postfix()?))
        } else {
            next
        };
        let proper = match &next {
            Node::Quotient(over, under) => match (&**over, &**under) {
                (Node::Number(over), Node::Number(under)) => over
                    .as_whole()
                    .zip(under.as_whole())
                    .filter(|(over, under)| 0 < *over && over < under)
                    .and_then(|(over, under)| Rational::new(over, under)),
                _ => None,
            },
            _ => None,
        };
        match whole.and(proper).filter(|_| begins_fraction) {
            Some(fraction) => {
                let Some(Node::Number(whole)) = factors.pop() else { return None };
                factors.push(Node::Number(whole.plus(fraction)?));
            }
            None if digit => return None,
            None => factors.push(next),
        }
        Some(())
    }

    fn begins_factor(&mut self) -> bool {
        let plain = self.rest.trim_start();
        if plain.starts_with("and ") || plain.starts_with("or ") {
            return false;
        }
        match self.peek() {
            Some('\\') => {
                !matches!(
                    self.command(),
                    Some("cup" | "cap" | "setminus" | "leq" | "geq" | "ne" | "in" | "end" | "pm" | "mp")
                ) && !self.rest.starts_with("\\}")
                    && !self.rest.starts_with("\\\\")
            }
            Some(letter) => letter.is_ascii_alphanumeric() || matches!(letter, '(' | '[' | '{' | '.'),
            None => false,
        }
    }

    /// `-signed`, or a factor.
    fn signed(&mut self) -> Option<Node> {
        self.deeper(|reader| {
            if reader.take("-") {
                return Some(Node::Negative(Box::new(reader.signed()?)));
            }
            reader.take("+");
            reader.postfix()
        })
    }

    /// A piece with what stands behind and above it: `x^2`, `x_1`, `5!`, `50 %`, `30^\circ`.
    pub(super) fn postfix(&mut self) -> Option<Node> {
        let begins_with_digit = self.peek().is_some_and(|letter| letter.is_ascii_digit());
        let mut node = self.deeper(Self::primary)?;
        loop {
            if self.degrees() {
                continue;
            }
            node = match self.peek() {
                Some('^') => {
                    self.take("^");
                    Node::Power(Box::new(node), Box::new(self.argument(Digits::All)?))
                }
                Some('_') => {
                    self.take("_");
                    subscripted(node, self.argument(Digits::All)?)?
                }
                Some('!') if !self.rest.starts_with("!=") => {
                    self.take("!");
                    Node::Call("factorial".to_owned(), vec![node])
                }
                Some('%') => {
                    self.take("%");
                    Node::Percent(Box::new(node))
                }
                Some('\'') => {
                    self.take("'");
                    Node::Call("prime".to_owned(), vec![node])
                }
                _ => {
                    self.is_bare = begins_with_digit && matches!(node, Node::Number(_));
                    return Some(node);
                }
            };
        }
    }

    /// Degrees are a unit, and left away.
    fn degrees(&mut self) -> bool {
        let before = self.rest;
        if self.take("^") {
            let braces = self.take("{");
            if self.take_command("circ") && (!braces || self.take("}")) {
                return true;
            }
        }
        self.rest = before;
        false
    }

    /// What a command works on: braces, another command, one letter or digit.
    pub(super) fn argument(&mut self, digits: Digits) -> Option<Node> {
        self.deeper(|reader| match reader.peek()? {
            '-' => {
                reader.take("-");
                Some(Node::Negative(Box::new(reader.argument(digits)?)))
            }
            first if first.is_ascii_digit() && digits == Digits::One => {
                reader.rest = &reader.rest[1..];
                Rational::parse(first.encode_utf8(&mut [0])).map(Node::Number)
            }
            _ => reader.primary(),
        })
    }

    /// Number, bracket, letter or command.
    fn primary(&mut self) -> Option<Node> {
        match self.peek()? {
            '.' | '0'..='9' => self.number(),
            open @ ('(' | '[') => self.bracket(open),
            '{' => {
                self.take("{");
                let mut items = self.list()?;
                self.take("}").then_some(())?;
                if items.len() == 1 { items.pop() } else { Some(Node::Set(items)) }
            }
            '|' => {
                self.take("|");
                let inside = self.sum()?;
                self.take("|").then(|| Node::Call("abs".to_owned(), vec![inside]))
            }
            '\\' => self.commanded(),
            letter if letter.is_alphabetic() => self.letter(letter),
            _ => None,
        }
    }

    fn bracket(&mut self, open: char) -> Option<Node> {
        self.rest = &self.rest[1..];
        let mut items = self.list()?;
        let close = self.peek().filter(|close| matches!(close, ')' | ']'))?;
        self.rest = &self.rest[1..];
        let matching = matches!((open, close), ('(', ')') | ('[', ']'));
        if items.len() == 1 && matching { items.pop() } else { Some(Node::Tuple(open, items, close)) }
    }

    fn number(&mut self) -> Option<Node> {
        let text = self.rest;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut whole = digits(text);
        let mut written = text[..whole].to_owned();
        while self.commas == Commas::OfThousands && (1..=3).contains(&digits(text)) {
            let Some(group) = text[whole..].strip_prefix(',').filter(|group| digits(group) == 3) else {
                break;
            };
            written.push_str(&group[..3]);
            whole += 4;
        }
        self.rest = &text[whole..];
        if let Some(fraction) = self.rest.strip_prefix('.') {
            let length = digits(fraction);
            (length > 0 || whole > 0).then_some(())?;
            written.push('.');
            written.push_str(&fraction[..length]);
            self.rest = &fraction[length..];
            if let Some(repeated) = self.repeated(&written) {
                return Some(Node::Number(repeated));
            }
        }
        let number = Rational::parse(&written).map(|number| number.times(self.power_of_ten()));
        Some(number.flatten().map_or_else(|| Node::Symbol(shortest(&written)), Node::Number))
    }

    /// `0.1\overline{6}`.
    fn repeated(&mut self, written: &str) -> Option<Rational> {
        let inside = self.rest.trim_start().strip_prefix("\\overline")?.trim_start().strip_prefix('{')?;
        let (digits, rest) = inside.split_once('}')?;
        let places = i64::try_from(written.split_once('.')?.1.len()).ok()?;
        let length = i64::try_from(digits.len()).ok().filter(|length| (1..=12).contains(length))?;
        let nines = Rational::ten(length)?.plus(Rational::whole(-1))?.times(Rational::ten(places)?)?;
        let value = Rational::parse(written)?.plus(Rational::parse(digits)?.times(nines.inverse()?)?)?;
        self.rest = rest;
        Some(value)
    }

    /// The `e3` of `1.5e3`.
    fn power_of_ten(&mut self) -> Rational {
        let exponent = |rest: &'a str| {
            let digits = rest.strip_prefix(['e', 'E'])?;
            let unsigned = digits.trim_start_matches(['-', '+']);
            let end = unsigned.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(unsigned.len());
            let end = digits.len() - unsigned.len() + end;
            let exponent = digits[..end].parse().ok().filter(|size: &i64| size.abs() <= 30)?;
            Some((Rational::ten(exponent)?, &digits[end..]))
        };
        let Some((power, rest)) = exponent(self.rest) else { return Rational::ONE };
        self.rest = rest;
        power
    }

    /// One level deeper, if that is not too deep.
    pub(super) fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Option<Node>) -> Option<Node> {
        self.depth += 1;
        let node = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        node
    }
}

/// Digits that are too many for a number, without zeros that say nothing.
fn shortest(digits: &str) -> String {
    let digits = digits.trim_start_matches('0');
    let short =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    short.to_owned()
}

/// How many digits without braces are an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// As LaTeX has it: `\frac12`.
    One,
    /// As people mean it: `x^10`.
    All,
}

fn product_of(mut factors: Vec<Node>) -> Option<Node> {
    if factors.len() == 1 { factors.pop() } else { Some(Node::Product(factors)) }
}

/// `x_1` is another letter than `x`, and `10_2` another number than `10`.
fn subscripted(node: Node, below: Node) -> Option<Node> {
    match node {
        Node::Symbol(_) | Node::Number(_) => Some(Node::Call("base".to_owned(), vec![node, below])),
        _ => None,
    }
}
