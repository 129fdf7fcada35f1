//! Tools: right answers, and no request that they do not survive.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use chat::{Calculator, Lookup, Tool};
use proptest::prelude::*;

#[test]
fn sums_are_exact() {
    for (asked, answer) in [
        ("2+2", "4"),
        (" 12 * (3 + 4) - 5 ", "79"),
        ("9.11-9.9", "-0.79"),
        ("0.1+0.2", "0.3"),
        ("1/3", "0.333333333"),
        ("2/4*2", "1"),
        ("--3", "3"),
        ("5 − 7 × 2 ÷ 4", "1.5"),
        ("0/5", "0"),
        ("123456789*987654321", "121932631112635269"),
    ] {
        assert_eq!(Calculator.call(asked).as_deref(), Ok(answer), "{asked}");
    }
    for (asked, problem) in [
        ("", "a number is missing at the end"),
        ("1/0", "nothing can be divided by 0"),
        ("(1", "a bracket is not closed"),
        ("1 2", "'2' is not expected"),
        ("1.2.3", "1.2.3 is no number, or too large"),
        ("import os", "'i' is not expected"),
        (&"9".repeat(60), &format!("{} is no number, or too large", "9".repeat(60))),
        (&"(".repeat(100), "too many brackets"),
        (&"1+".repeat(200), "more than 256 characters"),
    ] {
        assert_eq!(Calculator.call(asked).unwrap_err(), problem, "{asked}");
    }
}

/// An expression, its value in f64, and its text.
fn expression() -> impl Strategy<Value = (f64, String)> {
    let number = (0i32..1000).prop_map(|n| (f64::from(n), n.to_string()));
    number.prop_recursive(4, 24, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["+", "-", "*"]), inner).prop_map(
            |((a, left), sign, (b, right))| {
                let value = match sign {
                    "+" => a + b,
                    "-" => a - b,
                    _ => a * b,
                };
                (value, format!("({left} {sign} {right})"))
            },
        )
    })
}

proptest! {
    #[test]
    fn brackets_say_what_comes_first((value, text) in expression()) {
        prop_assume!(value.abs() < 1e15 && text.len() <= 256);
        prop_assert_eq!(Calculator.call(&text).unwrap().parse::<f64>().unwrap(), value);
    }

    #[test]
    fn no_request_is_too_odd(request in "\\PC{0,300}", sum in "[0-9+*/(). -]{0,80}") {
        let lookup = Lookup::new(["A sentence.", "Another one!"]);
        for request in [request, sum] {
            let _ = (Calculator.call(&request), lookup.call(&request));
        }
    }
}

#[test]
fn the_sentence_with_the_rarest_words_is_found() {
    let lookup = Lookup::new([
        "Vera Bryery is a baker. Vera Bryery keeps a goat.\nVera Solarn is a baker.",
        "The mill of Netherby is old. Vera Bryery is a baker.",
    ]);
    assert_eq!(lookup.len(), 4);
    assert_eq!(
        lookup.call("Which animal does Vera Bryery keep? keeps").as_deref(),
        Ok("Vera Bryery keeps a goat.")
    );
    assert_eq!(lookup.call("Solarn").as_deref(), Ok("Vera Solarn is a baker."));
    assert!(lookup.call("Kovats").is_err() && Lookup::default().call("x").is_err());
}
