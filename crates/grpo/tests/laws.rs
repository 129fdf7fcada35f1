//! Laws that hold for whatever is said.

use grpo::Verifier;
use grpo::verifiers::{Countdown, Game, Math, Numeric, VerifierKind};
use proptest::prelude::*;
use rl::{Answer, Problem};

fn is_same(verifier: &dyn Verifier, gold: &str, said: &str) -> bool {
    let problem = Problem { answer: gold.to_owned(), ..Problem::default() };
    verifier.verify(&problem, &said.into()) == Some(1.0)
}

/// Pieces of which answers are made, so that more than the first letter is read.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "1",
        "2",
        "10",
        "0.5",
        "x",
        "y",
        "i",
        "+",
        "-",
        "*",
        "/",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        " ",
        "^",
        "_",
        "=",
        "<",
        "!",
        "%",
        "$",
        "|",
        "&",
        "\\",
        "\\\\",
        "\\frac",
        "\\sqrt",
        "\\pi",
        "\\text{",
        "\\cup",
        "\\pm",
        "\\infty",
        "\\begin{pmatrix}",
        "\\end{pmatrix}",
        "\\left(",
        "\\right)",
        "\\{",
        "\\}",
        "\\sin",
        "\\boxed{",
        "answer is",
        "####",
        "<answer>",
        "</think>",
        "and",
        "\\overline{",
        "\\binom",
        "\\log",
        "−",
        "½",
        "π",
        "1,000",
        "e9",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Expressions that can be read.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0_u32..30).prop_map(|number| number.to_string()),
        prop::sample::select(vec!["x", "y", "\\pi", "\\sqrt{2}", "\\sqrt{12}", "i", "0.25"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} - {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} \\cdot {b}")),
            (inner.clone(), 1_u32..9).prop_map(|(a, b)| format!("\\frac{{{a}}}{{{b}}}")),
            inner.prop_map(|a| format!("({a})^2")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nobody_panics_and_all_scores_are_in_bounds(
        gold in prop_oneof![pieces(), any::<String>()],
        said in prop_oneof![pieces(), any::<String>()],
        meta in prop_oneof![
            Just(None),
            any::<Option<String>>(),
            Just(Some(r#"{"numbers":[1,2,10],"target":12,"best":[2],"choices":["1","x"]}"#.to_owned())),
        ],
    ) {
        for kind in VerifierKind::all() {
            let problem = Problem {
                answer: gold.clone(),
                verifier: kind.name().to_owned(),
                meta: meta.clone(),
                ..Problem::default()
            };
            let verifier = kind.verifier().unwrap();
            let lowest = if verifier.is_guard() { -1.0 } else { 0.0 };
            if let Some(score) = verifier.verify(&problem, &said.as_str().into()) {
                prop_assert!((lowest..=1.0).contains(&score), "{} {score}", kind.name());
            }
            verifier.verify(&problem, &verifier.gold(&problem).as_str().into());
        }
    }

    #[test]
    fn who_is_the_same_is_so_both_ways(gold in expression(), said in expression()) {
        prop_assert!(is_same(&Math, &gold, &gold));
        // with a letter: that numbers have to be worked out is asked of answers only
        let (gold, said) = (format!("z + {gold}"), format!("z + {said}"));
        prop_assert_eq!(is_same(&Math, &gold, &said), is_same(&Math, &said, &gold));
    }

    #[test]
    fn sums_and_products_may_be_turned_round(a in expression(), b in expression(), c in expression()) {
        // so that none is a number, which would have to be worked out
        let letter = |text: &String| format!("z + {text}");
        for (one, other) in [
            (format!("{a} + {b}"), format!("{b} + {a}")),
            (format!("{a} \\cdot {b}"), format!("{b} \\cdot {a}")),
            (format!("({a})({b} + {c})"), format!("({a})({b}) + ({a})({c})")),
        ] {
            let same = is_same(&Math, &letter(&one), &letter(&other));
            prop_assert!(same, "{} {}", one, other);
        }
    }

    #[test]
    fn one_more_is_another(a in expression()) {
        for other in [format!("z + {a} + 1"), format!("z - 1/7 + {a}"), format!("y + 1 + {a}")] {
            let same = is_same(&Math, &format!("z + {a}"), &other);
            prop_assert!(!same, "{}", other);
        }
    }

    #[test]
    fn fractions_are_the_same_where_they_are(over in -500_i64..500, under in 1_i64..60, times in 1_i64..9, more in 1_i64..50) {
        let gold = format!("{over}/{under}");
        for verifier in [&Numeric as &dyn Verifier, &Math] {
            let longer = format!("{}/{}", over * times, under * times);
            prop_assert!(is_same(verifier, &gold, &longer));
            prop_assert!(is_same(verifier, &longer, &gold));
            let larger = format!("{}/{}", over + more, under);
            prop_assert!(!is_same(verifier, &gold, &larger) && !is_same(verifier, &larger, &gold));
            let turned = format!("{}/{under}", -over);
            prop_assert_eq!(is_same(verifier, &gold, &turned), over == 0);
        }
    }

    #[test]
    fn what_reaches_another_target_is_wrong(a in 1_i64..20, b in 1_i64..20, c in 1_i64..20, more in 1_i64..9) {
        let verify = |target: i64| {
            let meta = Some(format!("{{\"numbers\":[{a},{b},{c}],\"target\":{target}}}"));
            let said = format!("So it is ({c} - {a}) * {b} = {}.", (c - a) * b);
            Countdown.verify(&Problem { meta, ..Problem::default() }, &said.as_str().into())
        };
        prop_assert_eq!(verify((c - a) * b), Some(1.0));
        prop_assert_eq!(verify((c - a) * b + more), Some(0.0));
    }

    #[test]
    fn games_are_played_by_the_rules(squares in prop::collection::vec(0_usize..12, 0..14)) {
        let game = Game::of(squares.iter().copied());
        prop_assert_eq!(game.board.iter().flatten().count(), game.moves);
        prop_assert_eq!(game.is_over, game.allowed().next().is_none());
        prop_assert_eq!(game.illegal.unwrap_or(squares.len()), game.moves);
    }

    #[test]
    fn longer_is_never_better(tokens in 0_usize..500, most in 0_usize..300, cache in 0_usize..300) {
        let length = grpo::verifiers::Length { most, cache };
        let of = |tokens| length.verify(&Problem::default(), &Answer { tokens, ..Answer::default() });
        prop_assert!(of(tokens) >= of(tokens + 1));
    }
}
