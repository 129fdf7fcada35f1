//! What `math` takes for the same, and what not.

use grpo::Verifier;
use grpo::verifiers::Math;
use rl::Problem;

fn verify(asked: &str, gold: &str, said: &str) -> Option<f32> {
    let problem = Problem { asked: asked.to_owned(), answer: gold.to_owned(), ..Problem::default() };
    Math.verify(&problem, &said.into())
}

const SAME: &[(&str, &str)] = &[
    // numbers
    (r"\frac{1}{2}", "0.5"),
    (r"\frac12", "50 %"),
    (r"-\frac{3}{4}", "-3/4"),
    (r"\frac{-3}{4}", r"-\dfrac{3}{4}"),
    (r"1\frac{1}{2}", "3/2"),
    ("137 1/2", "137.5"),
    (r"1{,}234", "1234"),
    (r"5,\!866,\!608", "5,866,608"),
    (r"0.\overline{3}", r"\frac13"),
    (r"0.1\overline{6}", "1/6"),
    (r"1.5 \times 10^{3}", "1500"),
    ("10^{-2}", "0.01"),
    (r"\$2.50", "2.5"),
    ("5", r"5.\overline{0}"),
    (r"65\%", "65"),
    (r"65\%", "0.65"),
    ("123456789012345678901234567890123456789012345", "123456789012345678901234567890123456789012345.0"),
    // roots and constants
    (r"2\sqrt{2}", r"\sqrt8"),
    (r"\frac{\sqrt{10}}{10}", r"\frac{1}{\sqrt{10}}"),
    (r"\sqrt{2}-1", r"\frac{1}{1+\sqrt{2}}"),
    (r"-3\sqrt{5}-5", r"-5-3\sqrt5"),
    (r"\sqrt[3]{16}", r"2\sqrt[3]{2}"),
    (r"\sqrt[3]{-8}\pi", r"-2\pi"),
    (r"\frac{\pi}{4}", r"\pi/4"),
    (r"\frac{2}{3}\pi", r"\frac{2\pi}{3}"),
    ("12π", r"12 \pi"),
    (r"3\sqrt{3}", "3*sqrt(3)"),
    (r"2-3\sqrt{5}", r"\left(-1\right) 3 \sqrt{5} + 2"),
    ("x + 3/2", "x + (3)(1/2)"),
    ("x + 3/2", r"x + (3)(\frac{1}{2})"),
    (r"2i\sqrt{3}", r"\sqrt{-12}"),
    ("1+2i", "2i + 1"),
    (r"\sqrt{\frac{1}{2}}", r"\frac{\sqrt2}{2}"),
    (r"\frac{1}{2004!}", "1/2004!"),
    (r"2\cos 15^{\circ}", r"\cos(15°) \cdot 2"),
    (r"\log_2 3", r"\log_{2}(3)"),
    // letters
    ("x^2 + 6x - 4", "6x-4+x^{2}"),
    ("(x+1)^2", "x^2+2x+1"),
    (r"\frac{2x-7}{(x+1)(x-2)}", r"\frac{2x-7}{x^2-x-2}"),
    (r"\frac{x+1}{2}", r"\frac12 x + \frac12"),
    ("1 + 1/x", r"\frac{x+1}{x}"),
    (r"\frac{h^2}{m}", "h^2/m"),
    ("x_1 + x_2", "x_2+x_1"),
    ("x^{2n}", "x^{n+n}"),
    (r"\sqrt{x-2}+2", r"2 + (x-2)^{1/2}"),
    // equations
    ("x=9", "9"),
    ("9", "x = 9"),
    ("4x-5y=-50", "5y - 4x = 50"),
    ("y = 2x + 3", "2x + 3"),
    ("y = 2x + 3", "y=3+2x"),
    ("y=2x+3", "y - 2x = 3"),
    ("x < 3", "3 > x"),
    ("f(2) < f(1) < f(4)", "f(4) > f(1) > f(2)"),
    (r"[0, 1]", r"x \in [0,1]"),
    ("7", "3 + 4 = 7"),
    // points, intervals, sets, several answers
    ("(1,4)", r"\left( 1, \frac{8}{2} \right)"),
    (r"(-\infty, 0] \cup (\tfrac12, \tfrac32]", r"(0.5, 1.5] \cup (-\infty, 0]"),
    (r"(2,12) \cup (12,102)", r"(12,102)\cup(2,12)"),
    (r"\{1, 2\}", r"\{2,1\}"),
    ("19, 22", r"22 \text{ and } 19"),
    (r"7, -2, \text{ and } -5", "-5, -2, 7"),
    ("70,110", "70, 110"),
    (r"1 \pm \sqrt{19}", r"1-\sqrt{19}, 1+\sqrt{19}"),
    (r"\{1 \pm \sqrt{5}, -2\}", r"-2, 1+\sqrt5, 1-\sqrt5"),
    (r"\emptyset", r"\{ \}"),
    (r"\begin{pmatrix} 1/5 \\ -3/5 \end{pmatrix}", r"\begin{bmatrix}0.2\\-0.6\end{bmatrix}"),
    (r"4^\circ, 20^\circ", "4, 20"),
    // units and words
    (r"\frac{68}{3}\text{ pounds}", "68/3"),
    ("5", r"5\text{ cm}^2"),
    ("5", "5 square inches"),
    ("5", "5 cm$^2$"),
    ("0.5", "1/2 cup"),
    (r"18\text{ ways.}", "18"),
    (r"\text{Monday}", "monday"),
    (r"\text{(E)}", "E"),
    (r"1112112_3", r"1112112_{3}"),
    // where the answer stands
    (r"\frac{3}{4}", r"So $x = \frac{6}{8} = \boxed{\frac{3}{4}}$, which is more than 0.5."),
    (r"\frac{3}{4}", r"The answer is $\frac{3}{4}$. I hope that helps."),
    ("72", "48 + 24 = 72\n#### 72"),
    ("3.5", "The answer is 3.5."),
];

const NOT_SAME: &[(&str, &str)] = &[
    ("5", ""),
    ("5", "6"),
    ("5", "-5"),
    ("5", "5x"),
    ("3m", "3"),
    ("5i", "5"),
    ("0.5", "0.50001"),
    ("7", "3 + 4"),
    ("24", "4!"),
    ("4", r"\sqrt{16}"),
    ("1598", r"17 \cdot 94"),
    ("0.333333", "1/3"),
    ("50", "50 %"),
    ("(1,4)", "(4,1)"),
    ("(1,4)", "(1)"),
    ("(1,4)", "1,4"),
    ("(1,4)", "[1,4]"),
    ("[0,1)", "[0,1]"),
    (r"\{1,2\}", r"\{1,2,2\}"),
    ("19, 22", "19"),
    ("19, 22", "19, 22, 23"),
    (r"1112112_3", "1112112"),
    ("x_1", "x_2"),
    (r"2\sqrt{2}", r"2\sqrt{3}"),
    (r"\frac{1}{2}", r"\frac{2}{1}"),
    ("x^2 + 1", "x^2 - 1"),
    ("x^2", "x^3"),
    ("x", "X"),
    ("x = 3", "y = 3"),
    ("x = 9", "2x = 18"),
    ("x = 9", "x + 1 = 10"),
    ("x < 3", r"x \leq 3"),
    ("x < 3", "x > 3"),
    ("4x-5y=-50", "4x-5y=50"),
    (r"\text{Monday}", "Tuesday"),
    (r"\text{even}", "odd"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 2 \\ 1 \end{pmatrix}"),
    (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    (r"\cos x", r"\sin x"),
    (r"\boxed{5}", r"\boxed{5"),
    ("5", "5 or 6"),
    ("1/0", "2/0"),
    ("5", "The answer is not 5, it is 6."),
    ("12", "1 2"),
];

#[test]
fn the_same_in_other_words() {
    let wrong: Vec<_> = SAME.iter().filter(|(gold, said)| verify("", gold, said) != Some(1.0)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (gold, said) in SAME {
        assert_eq!(verify("", gold, gold), Some(1.0), "{gold}");
        assert_eq!(verify("", said, said), Some(1.0), "{said}");
    }
}

#[test]
fn what_only_looks_alike() {
    let right: Vec<_> = NOT_SAME.iter().filter(|(gold, said)| verify("", gold, said) != Some(0.0)).collect();
    assert!(right.is_empty(), "{right:#?}");
}

#[test]
fn what_the_question_asks_for_counts() {
    for (asked, gold, said, right) in [
        ("Factor $r^2+10r+25$.", "(r+5)^2", "(5+r)(r+5)", true),
        ("Factor $r^2+10r+25$.", "(r+5)^2", "r^2+10r+25", false),
        ("Expand $(q-5)(3r+6)$.", "3qr + 6q - 15r - 30", "(q-5)(3r+6)", false),
        ("Expand $(q-5)(3r+6)$.", "3qr + 6q - 15r - 30", "6q + 3rq - 30 - 15r", true),
        ("What is the largest prime factor?", "107", "107.0", true),
        ("List them in increasing order.", "1, 2", "2, 1", false),
        ("List them in any order.", "1, 2", "2, 1", true),
        ("What percent of them?", "50", "50 %", true),
        ("How many?", "50", "50 %", false),
    ] {
        assert_eq!(verify(asked, gold, said), Some(f32::from(u8::from(right))), "{asked} {gold} {said}");
    }
    assert_eq!(verify("", "", "5"), None, "nobody knows");
}

#[test]
fn hostile_answers_are_wrong_and_take_no_time() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(400), close.repeat(400));
    for said in [
        deep("(", ")"),
        deep("{", "}"),
        deep(r"\sqrt{", "}"),
        deep(r"\frac{", "}{2}"),
        deep("-", ""),
        deep("|", "|"),
        deep(r"\{", r"\}"),
        "9".repeat(2_000),
        "9^".repeat(900),
        format!("2{}", "^9".repeat(500)),
        "2^{99999999999}".to_owned(),
        "(x+y+z+w)^{64}".to_owned(),
        "((((x+1)^{64}+1)^{64}+1)^{64}+1)^{64}".to_owned(),
        format!("({})", "(a+b)".repeat(300)),
        r"\sqrt{170141183460469231731687303715884105727}".to_owned(),
        r"\sqrt[99999999999]{2}".to_owned(),
        "1e30".repeat(300),
        "1,".repeat(1_000),
        "{".repeat(100_000),
        r"\boxed{".repeat(10_000),
        "1/3+".repeat(400) + "1",
        "33!^{33!}".to_owned(),
        "_".repeat(1_000),
        "\\".repeat(1_001),
        r"\begin{pmatrix}".repeat(100),
    ] {
        assert_eq!(verify("", "5", &said), Some(0.0), "{}", &said[..said.len().min(40)]);
        verify("", &said, &said);
    }
}
