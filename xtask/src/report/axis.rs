//! One axis of a chart: from where to where, and which places are marked.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use super::plot::number;
use super::text;

/// Where a value stands between the ends of an axis.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Even,
    /// Equal factors are equally far apart; all values are above zero.
    Logarithmic,
}

/// One axis. `low` stands at the left or at the bottom, and may be the larger of the two.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) scale: Scale,
    /// Marked places and their words; where there are none, round numbers are marked.
    pub(super) marks: Vec<(f64, String)>,
}

impl Axis {
    /// Between two values that differ.
    pub(super) fn between(name: &str, low: f64, high: f64) -> Self {
        Self { name: name.to_owned(), low, high, scale: Scale::Even, marks: vec![] }
    }

    /// From the least to the largest of `values`, apart even where all are equal.
    pub(super) fn over(name: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
        Self::between(name, low, high)
    }

    /// The same with a little room at both ends.
    pub(super) fn with_room(self) -> Self {
        let room = (self.high - self.low) * 0.06;
        Self { low: self.low - room, high: self.high + room, ..self }
    }

    /// One place for each name, 0, 1, 2 and so on: from the top, where it stands upright.
    pub(super) fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names = names.map(|name| text::visible(&text::line(name, 24)));
        let marks: Vec<(f64, String)> = names.enumerate().map(|(at, name)| (at as f64, name)).collect();
        Self { marks: marks.clone(), ..Self::between("", marks.len() as f64 - 0.5, -0.5) }
    }

    /// Around `marks`, which ascend and are above zero; a word that would stand on another is left out.
    pub(super) fn logarithmic(name: &str, marks: &[(f64, String)]) -> Self {
        let [low, high] = [marks.first(), marks.last()].map(|mark| mark.map_or(1.0, |(place, _)| *place));
        Self::logarithmic_between(name, [low / 1.6, high * 1.6], marks)
    }

    /// The same between two ends of one's own, which hold the marks.
    pub(super) fn logarithmic_between(name: &str, [low, high]: [f64; 2], marks: &[(f64, String)]) -> Self {
        let mut axis = Self { scale: Scale::Logarithmic, ..Self::between(name, low, high) };
        for (place, word) in marks {
            let last = axis.marks.last().map_or(f64::NEG_INFINITY, |(last, _)| axis.share(*last));
            if axis.share(*place) - last > 0.07 {
                axis.marks.push((*place, word.clone()));
            }
        }
        axis
    }

    /// How far `value` stands from the low end, as a share of the axis.
    fn share(&self, value: f64) -> f64 {
        let place = |value: f64| match self.scale {
            Scale::Even => value,
            Scale::Logarithmic => value.ln(),
        };
        (place(value) - place(self.low)) / (place(self.high) - place(self.low))
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * self.share(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if self.marks.is_empty() {
            return RangedCoordf64::from(self.low..self.high).key_points(hint);
        }
        self.marks.iter().map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let mark = self.marks.iter().find(|(place, _)| place.total_cmp(value).is_eq());
        mark.map_or_else(|| number(*value), |(_, word)| word.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_factors_are_equally_far_apart() {
        let marks = [1.0, 4.0, 4.1, 16.0].map(|place| (place, place.to_string()));
        let axis = Axis::logarithmic("times", &marks);
        let [a, b, c] = [1.0, 4.0, 16.0].map(|value| axis.map(&value, (0, 1_000)));
        assert!((b - a).abs_diff(c - b) <= 1, "{a} {b} {c}");
        let words: Vec<String> = axis.key_points(6).iter().map(|place| axis.format_ext(place)).collect();
        assert_eq!(words, ["1", "4", "16"], "4.1 would stand on 4");
    }

    #[test]
    fn the_first_name_stands_on_top() {
        let axis = Axis::of_names(["a", "b\u{202e}"].into_iter());
        assert_eq!(
            [0.0, 1.0].map(|place| (axis.map(&place, (100, 0)), axis.format_ext(&place))),
            [(25, "a".to_owned()), (75, "b⟨U+202E⟩".to_owned())]
        );
    }

    #[test]
    fn equal_values_have_an_axis_too() {
        let axis = Axis::over("", [5.0, 5.0].into_iter());
        assert_eq!((axis.low, axis.high), (4.0, 6.0));
    }
}
