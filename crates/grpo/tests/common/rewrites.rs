//! The same answer in other words.

use super::Dice;

/// A whole number, written in some other ways.
pub(crate) fn of_whole(number: i64, dice: &mut Dice) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("zeros", format!("{number}.0")),
        ("zeros", format!("{number}.{}", "0".repeat(2 + dice.below(4)))),
        ("fraction", format!("{}/2", 2 * number)),
        ("fraction", format!("\\frac{{{}}}{{3}}", 3 * number)),
        ("fraction", format!("\\dfrac{{{}}}{{4}}", 4 * number)),
        ("percent", format!("{} %", 100 * number)),
        ("percent", format!("{}\\%", 100 * number)),
        ("unit", format!("{number} {}", ["apples", "dollars", "hours", "square feet", "km"][dice.below(5)])),
        ("unit", format!("{number}\\text{{ {}}}", ["inches", "ways.", "cents"][dice.below(3)])),
        ("spaces", format!("  {number} ")),
        ("stop", format!("{number}.")),
        ("dollars", format!("${number}$")),
        ("letter", format!("x = {number}")),
        ("boxed", format!("So we have $\\boxed{{{number}}}$, as was to be shown with 2 or 3 steps.")),
        ("sentence", format!("First 3 + 4 = 7. The answer is {number}.")),
        ("sentence", format!("#### {number}")),
        ("answer", format!("<think> 12 or 13? </think> <answer> {number} </answer>")),
    ];
    let (sign, size) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    all.push(("money", format!("{sign}${size}")));
    all.push(("money", format!("{sign}\\${size}.00")));
    if number < 0 {
        all.push(("minus", format!("−{size}")));
    }
    if size >= 1_000 {
        let grouped = grouped(size);
        for between in [",", " ", "{,}", ",\\!"] {
            all.push(("thousands", format!("{sign}{}", grouped.join(between))));
        }
    }
    if number != 0 && number % 1_000 == 0 {
        all.push(("powers", format!("{} \\times 10^3", number / 1_000)));
        all.push(("powers", format!("{}e3", number / 1_000)));
    }
    all
}

/// Groups of three digits.
fn grouped(size: u64) -> Vec<String> {
    let digits = size.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let (head, tail) = digits.split_at(first);
    let tail = tail.as_bytes().chunks(3).map(|group| String::from_utf8(group.to_vec()).unwrap());
    std::iter::once(head.to_owned()).chain(tail).collect()
}

/// `\frac{a}{b}` and nothing else.
pub(crate) fn as_fraction(answer: &str) -> Option<(i64, i64)> {
    let (sign, rest) = answer.strip_prefix('-').map_or((1, answer), |rest| (-1, rest));
    let rest =
        rest.strip_prefix("\\frac{").or(rest.strip_prefix("\\dfrac{")).or(rest.strip_prefix("\\tfrac{"))?;
    let (over, under) = rest.strip_suffix('}')?.split_once("}{")?;
    Some((sign * over.parse::<i64>().ok()?, under.parse().ok().filter(|under| *under > 0)?))
}

/// A fraction, written in some other ways.
pub(crate) fn of_fraction(over: i64, under: i64, dice: &mut Dice) -> Vec<(&'static str, String)> {
    let (sign, size) = (if over < 0 { "-" } else { "" }, over.abs());
    let times = 2 + dice.below(5) as i64;
    let mut all = vec![
        ("slash", format!("{over}/{under}")),
        ("slash", format!("{over} / {under}")),
        ("slash", format!("({over})/({under})")),
        ("frac", format!("{sign}\\dfrac{{{size}}}{{{under}}}")),
        ("frac", format!("{sign}\\tfrac {{ {size} }} {{ {under} }}")),
        ("frac", format!("\\frac{{{over}}}{{{under}}}")),
        ("frac", format!("$\\frac{{{}}}{{{}}}$.", over * times, under * times)),
        ("unit", format!("{sign}\\frac{{{size}}}{{{under}}}\\text{{ cups}}")),
        ("sentence", format!("Of 3 and 4 the answer is {over}/{under}.")),
        ("boxed", format!("\\boxed{{{sign}\\frac{{{size}}}{{{under}}}}}")),
    ];
    if size < 10 && under < 10 {
        all.push(("frac", format!("{sign}\\frac{size}{under}")));
    }
    if size > under {
        let (whole, rest) = (size / under, size % under);
        if rest > 0 {
            all.push(("mixed", format!("{sign}{whole} {rest}/{under}")));
            all.push(("mixed", format!("{sign}{whole}\\frac{{{rest}}}{{{under}}}")));
        }
    }
    if 1_000_000 % under == 0 {
        let millionths = 1_000_000 / under * size;
        let decimal = format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        all.push(("decimal", decimal.trim_end_matches('0').to_owned()));
        all.push(("decimal", decimal));
        let percent = format!("{sign}{}.{:04}", millionths / 10_000, millionths % 10_000);
        all.push(("percent", format!("{percent}%")));
        all.push(("percent", format!("{percent} \\%")));
    }
    all
}

/// Whatever it is, dressed in another way.
pub(crate) fn of_any(answer: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("dollars", format!("${answer}$")),
        ("dollars", format!("\\({answer}\\)")),
        ("boxed", format!("We see that it is $\\boxed{{{answer}}}$.")),
        ("sentence", format!("The answer is ${answer}$.")),
        ("sentence", format!("Therefore, the final answer is: ${answer}$. I hope it is correct.")),
        ("stop", format!("{answer}.")),
        ("spaces", format!(" {answer}  ")),
    ];
    if !answer.contains("\\text") && !answer.contains("\\mbox") {
        let spaced = answer.replace('+', " + ").replace('=', " = ").replace('(', "( ").replace(')', " )");
        all.push(("spaces", spaced.clone()));
        all.push(("spaces", spaced.replace(" + ", "\\,+\\, ")));
    }
    let frac = answer.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac");
    all.push(("frac", frac.replace("\\frac", "\\dfrac")));
    all.push(("frac", frac.replace("\\frac", "\\tfrac")));
    if !answer.contains("\\left")
        && answer.starts_with(['(', '['])
        && answer.ends_with([')', ']'])
        && !answer.contains("cup")
    {
        let (head, rest) = answer.split_at(1);
        let (inside, tail) = rest.split_at(rest.len() - 1);
        if !inside.contains([')', ']']) {
            all.push(("left", format!("\\left{head}{inside}\\right{tail}")));
        }
    }
    all.push(("left", answer.replace("\\left", "").replace("\\right", "")));
    if let Some((left, right)) = answer.split_once("\\cup").filter(|(_, right)| !right.contains("\\cup")) {
        all.push(("order", format!("{right} \\cup {left}")));
    }
    // a sum of two, turned round
    let parts: Vec<&str> = answer.split(" + ").collect();
    if let [left, right] = parts[..]
        && !answer.contains(['(', '{', '=', ',', '-', '<'])
    {
        all.push(("order", format!("{right} + {left}")));
    }
    if let Some(without) = answer.strip_suffix("^\\circ") {
        all.push(("unit", without.to_owned()));
        all.push(("unit", format!("{without} degrees")));
    }
    if let Some((number, _)) = answer
        .split_once("\\text")
        .filter(|(number, _)| number.trim().ends_with(|last: char| last.is_ascii_digit() || last == '}'))
        && !answer.contains("and")
        && !answer.contains('_')
    {
        all.push(("unit", number.to_owned()));
    }
    if let Some(text) = answer.strip_prefix("\\text{").and_then(|text| text.strip_suffix('}')) {
        all.push(("words", text.to_owned()));
        all.push(("words", format!("\\textbf{{{text}}}")));
    }
    if let Some(sqrt) =
        answer.split_once("\\sqrt{").filter(|(before, _)| before.trim().parse::<i64>().is_ok())
        && let Some(inside) = sqrt.1.strip_suffix('}').filter(|inside| inside.parse::<i64>().is_ok())
    {
        all.push(("root", format!("\\sqrt{{{inside}}} \\cdot {}", sqrt.0)));
        all.push(("root", format!("{}*sqrt({inside})", sqrt.0)));
    }
    all
}
