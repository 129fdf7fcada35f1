//! Wrong answers that look much like the right one.

use super::Dice;

/// Wrong ones to whatever is right; none that could mean the same.
pub(crate) fn of_any(answer: &str, other: &str, dice: &mut Dice) -> Vec<(&'static str, String)> {
    let mut all = vec![];
    if let Some(changed) = digit_changed(answer, dice) {
        all.push(("boxed", format!("The answer is $\\boxed{{{changed}}}$.")));
        all.push(("digit", changed));
    }
    if let Ok(number) = answer.parse::<i64>() {
        all.push(("one more", (number + 1).to_string()));
        all.push(("one less", (number - 1).to_string()));
        all.push(("ten times", format!("{number}0")).clone());
        all.retain(|(sort, _)| *sort != "ten times" || number != 0);
    }
    let begins = answer.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        || answer.starts_with("\\frac")
        || answer.starts_with("\\sqrt");
    if begins
        && answer != "0"
        && !answer.contains(['=', '<'])
        && !answer.starts_with("0,")
        && !answer.starts_with("-1,")
    {
        let turned = answer.strip_prefix('-').map_or_else(|| format!("-{answer}"), str::to_owned);
        all.push(("sign", turned));
    }
    if other != answer {
        all.push(("another's", other.to_owned()));
    }
    if let Some(parts) = within_brackets(answer) {
        let mut turned = parts.clone();
        turned.rotate_left(1);
        let brackets = (&answer[..1], &answer[answer.len() - 1..]);
        if turned != parts {
            all.push(("swapped", format!("{}{}{}", brackets.0, turned.join(","), brackets.1)));
        }
        all.push(("missing", format!("{}{}{}", brackets.0, parts[..parts.len() - 1].join(","), brackets.1)));
    }
    if !answer.starts_with(['(', '[', '\\']) || answer.starts_with("\\frac") {
        if let Some((rest, _)) =
            answer.rsplit_once(',').filter(|(_, last)| !last.starts_with("\\!") && last.len() != 3)
        {
            all.push(("missing", rest.to_owned()));
        }
        if let Some((rest, _)) = answer.rsplit_once(" + ").or(answer.rsplit_once('+')).filter(|(rest, _)| {
            rest.matches('{').count() == rest.matches('}').count() && !rest.contains(['=', '('])
        }) {
            all.push(("missing", rest.to_owned()));
        }
    }
    if let Some((rest, _)) = answer.rsplit_once("\\cup") {
        all.push(("missing", rest.to_owned()));
    }
    if let Some((rest, _)) = answer.rsplit_once('_') {
        all.push(("missing", rest.to_owned()));
    }
    all
}

fn digit_changed(answer: &str, dice: &mut Dice) -> Option<String> {
    let places: Vec<usize> =
        answer.match_indices(|letter: char| letter.is_ascii_digit()).map(|(at, _)| at).collect();
    let at = *places.get(dice.below(places.len()))?;
    let digit = answer.as_bytes()[at] - b'0';
    let changed = (digit + 1 + dice.below(8) as u8) % 10;
    Some(format!("{}{changed}{}", &answer[..at], &answer[at + 1..]))
}

/// The parts of `(a, b)`, if it is nothing else.
fn within_brackets(answer: &str) -> Option<Vec<String>> {
    let inside = answer.strip_prefix(['(', '['])?.strip_suffix([')', ']'])?;
    if inside.contains(['(', ')', '[', ']']) {
        return None;
    }
    let parts: Vec<String> = inside.split(',').map(|part| part.trim().to_owned()).collect();
    (parts.len() > 1).then_some(parts)
}
