//! A chart as SVG that takes the colours and the font of the page it stands in.
//!
//! plotters writes colours as numbers; here each number is a name that is replaced by a class, so that one drawing
//! is right in light, in dark and on paper. It draws on whole pixels, so the canvas is four times as fine as shown.

use plotters::prelude::*;

use super::axis::Axis;

/// Canvas pixels for each unit of the drawing.
const FINE: u32 = 4;
const WIDTH: u32 = 480;
/// Of a chart that has no reason to be lower or taller.
pub(super) const HEIGHT: u32 = 290;

/// Colours that stand for classes of the page's style sheet.
const INK: RGBColor = RGBColor(1, 1, 1);
const FIRST: RGBColor = RGBColor(2, 2, 2);
const SECOND: RGBColor = RGBColor(3, 3, 3);
const THIRD: RGBColor = RGBColor(4, 4, 4);
const FOURTH: RGBColor = RGBColor(5, 5, 5);
const FIFTH: RGBColor = RGBColor(6, 6, 6);
const SIXTH: RGBColor = RGBColor(7, 7, 7);
const CLASSES: [(&str, &str); 14] = [
    ("fill=\"#010101\"", "class=\"ink-fill\""),
    ("stroke=\"#010101\"", "class=\"ink\""),
    ("fill=\"#020202\"", "class=\"a-fill\""),
    ("stroke=\"#020202\"", "class=\"a\""),
    ("fill=\"#030303\"", "class=\"b-fill\""),
    ("stroke=\"#030303\"", "class=\"b\""),
    ("fill=\"#040404\"", "class=\"c-fill\""),
    ("stroke=\"#040404\"", "class=\"c\""),
    ("fill=\"#050505\"", "class=\"d-fill\""),
    ("stroke=\"#050505\"", "class=\"d\""),
    ("fill=\"#060606\"", "class=\"e-fill\""),
    ("stroke=\"#060606\"", "class=\"e\""),
    ("fill=\"#070707\"", "class=\"f-fill\""),
    ("stroke=\"#070707\"", "class=\"f\""),
];

/// A place in a chart.
pub(super) type Point = (f64, f64);

/// Which of the page's colours.
#[derive(Clone, Copy)]
pub(super) enum Colour {
    Ink,
    First,
    Second,
    Third,
    Fourth,
    Fifth,
    Sixth,
}

impl Colour {
    /// For things that are many, in this order, and the class of each in a legend.
    pub(super) const MANY: [(Self, &'static str); 6] = [
        (Self::First, "key-a"),
        (Self::Second, "key-b"),
        (Self::Third, "key-c"),
        (Self::Fourth, "key-d"),
        (Self::Fifth, "key-e"),
        (Self::Sixth, "key-f"),
    ];
}

/// What is drawn of values, all of them finite.
pub(super) enum Shape<'a> {
    /// Many points: their line.
    Line(&'a [Point]),
    /// Few points: each is seen.
    LineAndDots(&'a [Point]),
    /// A curve to compare with.
    Dashed(&'a [Point]),
    /// Points and the ends of their intervals.
    Spreads(&'a [Spread]),
    /// Points alone.
    Dots(&'a [Point]),
    /// Areas from one corner to the opposite one.
    Boxes(&'a [(Point, Point)]),
}

/// A point and how far it may lie off.
pub(super) struct Spread {
    pub(super) at: Point,
    pub(super) ends: [Point; 2],
}

/// One chart.
pub(super) struct Plot<'a> {
    /// Read aloud instead of the drawing.
    pub(super) title: &'a str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// From the lowest to the topmost.
    pub(super) layers: &'a [(Colour, Shape<'a>)],
    /// Of a drawing that is [`WIDTH`] wide.
    pub(super) height: u32,
}

/// The chart as an `<svg>` element without size: it is as wide as its place.
pub(super) fn svg(plot: &Plot<'_>) -> anyhow::Result<String> {
    for axis in [&plot.x, &plot.y] {
        // between such ends plotters would look for round numbers for ever
        anyhow::ensure!((axis.high - axis.low).is_finite(), "the axis \"{}\" has no ends", axis.name);
    }
    let mut svg = String::new();
    draw(plot, &mut svg).map_err(|error| anyhow::anyhow!("a chart cannot be drawn: {error}"))?;
    for (colour, class) in CLASSES {
        svg = svg.replace(colour, class);
    }
    let size = format!("<svg width=\"{}\" height=\"{}\"", WIDTH * FINE, plot.height * FINE);
    let label = minijinja::HtmlEscape(plot.title);
    Ok(svg.replacen(&size, &format!("<svg class=\"plot\" role=\"img\" aria-label=\"{label}\""), 1))
}

fn draw(plot: &Plot<'_>, into: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(into, (WIDTH * FINE, plot.height * FINE)).into_drawing_area();
    let names = plot.y.marks.iter().map(|(_, name)| name.chars().count()).max().unwrap_or(0) as u32;
    let mut chart = ChartBuilder::on(&root)
        .margin(8 * FINE)
        .margin_right(20 * FINE)
        .x_label_area_size(42 * FINE)
        .y_label_area_size((names * 9 + 16).max(78) * FINE)
        .build_cartesian_2d(plot.x.clone(), plot.y.clone())?;
    let label = ("sans-serif", f64::from(16 * FINE)).into_font().color(&INK);
    let mut mesh = chart.configure_mesh();
    if !plot.y.name.is_empty() {
        mesh.disable_x_mesh().y_desc(plot.y.name.as_str());
    }
    mesh.x_desc(plot.x.name.as_str())
        .x_labels(6)
        .y_labels(6)
        .label_style(label.clone())
        .axis_desc_style(label)
        .axis_style(INK.mix(0.45).stroke_width(FINE))
        .bold_line_style(INK.mix(0.13).stroke_width(FINE))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (colour, shape) in plot.layers {
        let (colour, faint) = match colour {
            Colour::Ink => (INK, 0.6),
            Colour::First => (FIRST, 1.0),
            Colour::Second => (SECOND, 1.0),
            Colour::Third => (THIRD, 1.0),
            Colour::Fourth => (FOURTH, 1.0),
            Colour::Fifth => (FIFTH, 1.0),
            Colour::Sixth => (SIXTH, 1.0),
        };
        let line = colour.stroke_width(FINE * 2);
        let dots = |points: &[Point]| points.iter().map(|&point| dot(point, colour)).collect::<Vec<_>>();
        match *shape {
            Shape::Line(points) => drop(chart.draw_series(LineSeries::new(points.iter().copied(), line))?),
            Shape::LineAndDots(points) => {
                chart.draw_series(LineSeries::new(points.iter().copied(), line))?;
                chart.draw_series(dots(points))?;
            }
            Shape::Dashed(points) => {
                let style = colour.mix(faint).stroke_width(FINE * 3 / 2);
                chart.draw_series(DashedLineSeries::new(
                    points.iter().copied(),
                    6 * FINE,
                    5 * FINE,
                    style,
                ))?;
            }
            Shape::Spreads(spreads) => {
                chart.draw_series(spreads.iter().map(|spread| PathElement::new(spread.ends, line)))?;
                chart.draw_series(spreads.iter().map(|spread| dot(spread.at, colour)))?;
            }
            Shape::Dots(points) => drop(chart.draw_series(dots(points))?),
            Shape::Boxes(boxes) => {
                let style = colour.mix(0.25).filled();
                chart.draw_series(boxes.iter().map(|&(from, to)| Rectangle::new([from, to], style)))?;
            }
        }
    }
    root.present()?;
    Ok(())
}

fn dot(at: Point, colour: RGBColor) -> Circle<Point, u32> {
    Circle::new(at, 4 * FINE, colour.filled())
}

/// A value in about four digits: 8.318, 0.0012, 3e-5, 12,000.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let fixed = match size {
        0.0 => return "0".to_owned(),
        1e4.. => {
            let sign = if value < 0.0 { "-" } else { "" };
            return format!("{sign}{}", crate::lines::thousands(size.round() as u64));
        }
        100.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.3}"),
        0.001.. => format!("{value:.4}"),
        _ => return format!("{value:.1e}").replace(".0e", "e"),
    };
    let fixed = if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed };
    fixed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 8.3178, 0.5, 300.0, 0.003, 3e-5, -48_000.0, -1.5];
        assert_eq!(all.map(number), ["0", "8.318", "0.5", "300", "0.003", "3e-5", "-48,000", "-1.5"]);
    }

    #[test]
    fn an_axis_without_ends_is_refused() {
        let all = Axis::between("all", f64::MIN, f64::MAX);
        for x in [Axis::over("none", std::iter::empty()), all] {
            let y = Axis::between("y", 0.0, 1.0);
            let error = svg(&Plot { title: "", x, y, layers: &[], height: HEIGHT }).unwrap_err();
            assert!(error.to_string().contains("has no ends"), "{error}");
        }
    }

    #[test]
    fn colours_are_classes_and_titles_are_escaped() {
        let points = [(1.0, 2.0), (2.0, 1.0)];
        let spreads = [Spread { at: points[0], ends: [(1.0, 1.0), (1.0, 3.0)] }];
        let layers = [
            (Colour::First, Shape::LineAndDots(&points)),
            (Colour::Second, Shape::Line(&points[..1])),
            (Colour::Second, Shape::Spreads(&spreads)),
            (Colour::Second, Shape::Boxes(&[(points[0], points[1])])),
            (Colour::Ink, Shape::Dots(&points)),
            (Colour::Ink, Shape::Dashed(&points)),
        ];
        let [x, y] = ["<i>", "y"].map(|name| Axis::between(name, 0.0, 3.0));
        let drawn = svg(&Plot { title: "a<b>", x, y, layers: &layers, height: HEIGHT }).unwrap();
        assert!(drawn.starts_with("<svg class=\"plot\" role=\"img\" aria-label=\"a&lt;b&gt;\" viewBox="));
        assert!(drawn.contains("class=\"a-fill\"") && drawn.contains("&lt;i&gt;"));
        assert!(!drawn.contains("#0") && !drawn.contains("<i>"), "{drawn}");
    }
}
