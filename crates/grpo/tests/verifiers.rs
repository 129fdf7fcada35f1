//! What verifiers say to problems of others: to what is right, to the same in other words, and to what is wrong.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "also helpers of a test may")]

mod common;

use common::{Dice, Tally, edits, last_line, lines, problem, rewrites};
use grpo::Verifier;
use grpo::verifiers::{Exact, Math, Numeric};
use rl::Problem;

/// Least shares of rewrites that score 1, and of wrong answers that score 0.
const SAME: f64 = 0.99;
const WRONG: f64 = 0.995;

#[test]
fn school_problems() {
    let Some(lines) = lines("gsm8k-train.jsonl.gz") else { return };
    let (mut gold, mut same, mut wrong) = (Tally::default(), Tally::default(), Tally::default());
    let verifiers: [(&dyn Verifier, &'static str); 2] = [(&Numeric, "numeric"), (&Math, "math")];
    let problems: Vec<Problem> = lines.iter().map(|line| problem(line, "question", "answer")).collect();
    for (at, problem) in problems.iter().enumerate() {
        let mut dice = Dice::new(at as u64 + 1);
        let answer = last_line(&problem.answer);
        let short = Problem { answer: answer.to_owned(), ..problem.clone() };
        let other = last_line(&problems[(at + 1) % problems.len()].answer);
        let number: i64 = answer.replace(',', "").parse().unwrap();
        for (verifier, name) in verifiers {
            gold.ask(name, verifier, problem, &problem.answer, true);
            gold.ask(name, verifier, problem, &format!("The answer is {answer}."), true);
            gold.ask(name, verifier, &short, &problem.answer, true);
            gold.ask("nothing", verifier, problem, "", false);
            for (sort, said) in rewrites::of_whole(number, &mut dice) {
                same.ask(sort, verifier, problem, &said, true);
            }
            for (sort, said) in edits::of_any(&number.to_string(), &other.replace(',', ""), &mut dice) {
                wrong.ask(sort, verifier, problem, &said, false);
            }
        }
    }
    assert_eq!(gold.share("school, gold"), 1.0);
    assert!(same.share("school, same") >= SAME);
    assert!(wrong.share("school, wrong") >= WRONG);
}

#[test]
fn problems_of_contests() {
    let Some(lines) = lines("math-half.jsonl.gz") else { return };
    let (mut gold, mut same, mut wrong) = (Tally::default(), Tally::default(), Tally::default());
    let problems: Vec<Problem> = lines.iter().map(|line| problem(line, "context", "answer")).collect();
    for (at, problem) in problems.iter().enumerate() {
        let mut dice = Dice::new(at as u64 + 1);
        let answer = problem.answer.as_str();
        gold.ask("answer", &Math, problem, answer, true);
        gold.ask("solution", &Math, problem, lines[at]["chain_of_thought"].as_str().unwrap(), true);
        gold.ask("nothing", &Math, problem, "", false);
        if let Ok(number) = answer.parse() {
            for (sort, said) in rewrites::of_whole(number, &mut dice) {
                same.ask(sort, &Math, problem, &said, true);
            }
        }
        if let Some((over, under)) = rewrites::as_fraction(answer) {
            for (sort, said) in rewrites::of_fraction(over, under, &mut dice) {
                same.ask(sort, &Math, problem, &said, true);
            }
        }
        for (sort, said) in rewrites::of_any(answer) {
            same.ask(sort, &Math, problem, &said, true);
        }
        let other = &problems[(at + 1) % problems.len()].answer;
        for (sort, said) in edits::of_any(answer, other, &mut dice) {
            wrong.ask(sort, &Math, problem, &said, false);
        }
    }
    assert_eq!(gold.share("contests, gold"), 1.0);
    assert!(same.share("contests, same") >= SAME);
    assert!(wrong.share("contests, wrong") >= WRONG);
}

#[test]
fn sums_and_brackets() {
    let (mut gold, mut wrong) = (Tally::default(), Tally::default());
    for name in ["simple_arithmetic_withspaces.jsonl", "bigbench_dyck_languages.jsonl"] {
        let Some(lines) = lines(name) else { return };
        let problems: Vec<Problem> =
            lines.iter().map(|line| problem(line, "context", "continuation")).collect();
        for (at, problem) in problems.iter().enumerate() {
            let answer = problem.answer.as_str();
            gold.ask("exact", &Exact, problem, answer, true);
            gold.ask("exact", &Exact, problem, &format!(" {answer}\n"), true);
            gold.ask("nothing", &Exact, problem, "", false);
            let other = &problems[(at + 1) % problems.len()].answer;
            if name.starts_with("simple") {
                gold.ask("numeric", &Numeric, problem, answer, true);
                for (sort, said) in edits::of_any(answer, other, &mut Dice::new(at as u64 + 1)) {
                    wrong.ask(sort, &Exact, problem, &said, false);
                    wrong.ask(sort, &Numeric, problem, &said, false);
                }
            } else {
                let mut marks: Vec<&str> = answer.split(' ').collect();
                if other != answer {
                    wrong.ask("another's", &Exact, problem, other, false);
                }
                wrong.ask("one more", &Exact, problem, &format!("{answer} )"), false);
                let last = marks.pop();
                wrong.ask("missing", &Exact, problem, &marks.join(" "), false);
                marks.push(if last == Some("]") { ")" } else { "]" });
                wrong.ask("changed", &Exact, problem, &marks.join(" "), false);
            }
        }
    }
    assert_eq!(gold.share("sums and brackets, gold"), 1.0);
    assert_eq!(wrong.share("sums and brackets, wrong"), 1.0);
}
