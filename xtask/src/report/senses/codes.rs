//! Numbers as fields of colours: equal codes look alike, and their numbers stand in them.

use std::collections::BTreeMap;
use std::ops::Range;

use codec::{Image, Quantiser};
use serde::Serialize;

use super::embedded;

/// Fields with a number in each, at most; more have colours alone.
const NUMBERED: usize = 1_024;
/// Fields at most.
const MOST: usize = 1 << 16;
/// Width of a field, in units of the drawing.
const WIDTH: usize = 20;

/// The codes of one picture or sound.
#[derive(Serialize)]
pub(super) struct Codes {
    /// Markup, safe as it is: there are only figures in it.
    pub(super) svg: String,
    /// How many, and how many different ones.
    pub(super) said: String,
    /// The same as lines of numbers.
    pub(super) lines: String,
    /// Fields of a row.
    pub(super) columns: usize,
}

/// How codes lie: `columns` places in each row, a field each, and in each field the codes of all levels, one below the other.
pub(super) struct Layout {
    pub(super) columns: usize,
    /// Height of a field.
    pub(super) height: usize,
}

impl Codes {
    /// The codes of `ids`, of which `known` are all that there are; nothing where these are no whole rows of them.
    pub(super) fn of(
        ids: &[u32],
        known: &Range<u32>,
        quantiser: &Quantiser,
        layout: &Layout,
    ) -> Option<Self> {
        let (all, levels) = (quantiser.codes() as u32, quantiser.levels().len());
        let Layout { columns, height } = *layout;
        let whole = columns > 0 && !ids.is_empty() && ids.len().is_multiple_of(columns * levels);
        if !whole || ids.len() > MOST || ids.iter().any(|id| !known.contains(id)) {
            return None;
        }
        let rows = ids.len() / (columns * levels);
        // [rows, levels, columns], as they lie
        let place = |at: usize| (at / (levels * columns), at / columns % levels, at % columns);
        let code = |at: usize| {
            let (row, level, column) = place(at);
            ids[(row * columns + column) * levels + level] - known.start
        };
        let codes: Vec<u32> = (0..ids.len()).map(code).collect();
        let picture =
            Image::new(columns, rows * levels, codes.iter().flat_map(|code| colour(*code)).collect());
        let numbers: Vec<u32> = codes.iter().map(|code| code % all).collect();
        let strip = (height / levels).max(1);
        let said = said(&codes, all, levels);
        let svg = svg(
            &embedded::picture(&picture.ok()?)?,
            &numbers,
            [columns, rows * levels],
            [WIDTH, strip],
            &said,
        );
        let lines: Vec<String> = numbers
            .chunks(columns)
            .map(|row| row.iter().map(|number| format!("{number:>3}")).collect::<Vec<_>>().join(" "))
            .collect();
        Some(Self { svg, said, lines: lines.join("\n"), columns })
    }
}

/// A dark colour on which white numbers can be read; near numbers have far colours.
fn colour(code: u32) -> [u8; 3] {
    // steps of the golden section around a wheel of six edges
    let hue = code.wrapping_mul(949) % 1_536;
    let (edge, along) = (hue / 256, hue % 256);
    let wheel = match edge {
        0 => [255, along, 0],
        1 => [255 - along, 255, 0],
        2 => [0, 255, along],
        3 => [0, 255 - along, 255],
        4 => [along, 0, 255],
        _ => [255, 0, 255 - along],
    };
    wheel.map(|part| (36 + part * 84 / 255) as u8)
}

fn svg(
    uri: &str,
    numbers: &[u32],
    [columns, rows]: [usize; 2],
    [width, height]: [usize; 2],
    said: &str,
) -> String {
    let (wide, high) = (columns * width, rows * height);
    let fields =
        format!("<image href=\"{uri}\" width=\"{wide}\" height=\"{high}\" preserveAspectRatio=\"none\"/>");
    let texts = if numbers.len() <= NUMBERED {
        texts(numbers, [columns, rows], [width, height])
    } else {
        String::new()
    };
    format!(
        "<svg class=\"codes\" role=\"img\" aria-label=\"{said}\" viewBox=\"0 0 {wide} {high}\">{fields}{texts}</svg>"
    )
}

/// Numbers in the middles of fields, upright where a field is, and lines between.
fn texts(numbers: &[u32], [columns, rows]: [usize; 2], [width, height]: [usize; 2]) -> String {
    let digits = numbers.iter().max().map_or(1, |most| most.to_string().len());
    let (along, across) = (width.max(height), width.min(height));
    let size = (along * 9 / 10 * 5 / (3 * digits)).min(across * 4 / 5).min(11);
    let between = (1..columns).map(|at| format!("M{} 0v{}", at * width, rows * height));
    let below = (1..rows).map(|at| format!("M0 {}h{}", at * height, columns * width));
    let lines: String = between.chain(below).collect();
    let text = |(at, number): (usize, &u32)| {
        let (x, y) = (at % columns * width + width / 2, at / columns * height + height / 2);
        if height > width {
            format!("<text transform=\"translate({x} {y})rotate(-90)\">{number}</text>")
        } else {
            format!("<text x=\"{x}\" y=\"{y}\">{number}</text>")
        }
    };
    let texts: String = numbers.iter().enumerate().map(text).collect();
    format!("<path d=\"{lines}\"/><g font-size=\"{size}\">{texts}</g>")
}

fn said(codes: &[u32], all: u32, levels: usize) -> String {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for code in codes {
        *counts.entry(*code).or_default() += 1;
    }
    let tokens = match codes.len() {
        1 => "1 token".to_owned(),
        count => format!("{count} tokens"),
    };
    // of equally frequent ones the smallest
    let most = counts.iter().rev().max_by_key(|(_, count)| **count);
    match most {
        Some((code, count)) if *count > 1 => {
            let level = if levels > 1 { format!(" of level {}", code / all + 1) } else { String::new() };
            format!(
                "{tokens}, {} of them different; code {}{level} stands {count} times",
                counts.len(),
                code % all
            )
        }
        _ => format!("{tokens}, all different"),
    }
}

#[cfg(test)]
mod tests {
    use codec::Codebook;

    use super::*;

    fn quantiser(levels: usize) -> Quantiser {
        let book = Codebook::new(1, vec![0.0, 1.0, 2.0, 3.0]).unwrap();
        Quantiser::new(vec![book; levels]).unwrap()
    }

    #[test]
    fn codes_lie_as_they_are_said() {
        let layout = Layout { columns: 2, height: 20 };
        let codes = Codes::of(&[13, 10, 10, 12], &(10..14), &quantiser(1), &layout).unwrap();
        assert_eq!(codes.lines, "  3   0\n  0   2");
        assert_eq!(codes.said, "4 tokens, 3 of them different; code 0 stands 2 times");
        assert!(
            codes.svg.contains("viewBox=\"0 0 40 40\"") && codes.svg.contains("<text x=\"10\" y=\"30\">0<")
        );
    }

    #[test]
    fn levels_lie_below_one_another() {
        let layout = Layout { columns: 2, height: 60 };
        let codes = Codes::of(&[13, 14, 10, 14], &(10..18), &quantiser(2), &layout).unwrap();
        assert_eq!(codes.lines, "  3   0\n  0   0");
        assert_eq!(codes.said, "4 tokens, 3 of them different; code 0 of level 2 stands 2 times");
        assert!(codes.svg.contains("translate(10 15)rotate(-90)"), "{}", codes.svg);
    }

    #[test]
    fn what_is_no_code_has_no_picture() {
        let layout = Layout { columns: 2, height: 20 };
        for ids in [&[][..], &[10], &[10, 14], &[9, 10]] {
            assert!(Codes::of(ids, &(10..14), &quantiser(1), &layout).is_none(), "{ids:?}");
        }
    }

    #[test]
    fn neighbours_look_different_and_all_are_dark() {
        for code in 0..1_000 {
            let (one, next) = (colour(code), colour(code + 1));
            let apart: u32 = (0..3).map(|part| u32::from(one[part].abs_diff(next[part]))).sum();
            assert!(apart > 60, "{code}: {one:?} {next:?}");
            assert!(one.iter().all(|part| (36..=120).contains(part)));
        }
    }
}
