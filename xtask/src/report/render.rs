//! Values into the templates of `page/`.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, Value, escape_formatter};

use super::{Report, text};
use crate::lines::{bytes, thousands};

const TEMPLATES: [(&str, &str); 31] = [
    ("page.html", include_str!("page/page.html")),
    ("funnel.html", include_str!("page/funnel.html")),
    ("audit.html", include_str!("page/audit.html")),
    ("rules.html", include_str!("page/rules.html")),
    ("confusions.html", include_str!("page/confusions.html")),
    ("extraction.html", include_str!("page/extraction.html")),
    ("measured.html", include_str!("page/measured.html")),
    ("copies.html", include_str!("page/copies.html")),
    ("rights.html", include_str!("page/rights.html")),
    ("private-data.html", include_str!("page/private-data.html")),
    ("languages.html", include_str!("page/languages.html")),
    ("variety.html", include_str!("page/variety.html")),
    ("knowledge.html", include_str!("page/knowledge.html")),
    ("benchmarks.html", include_str!("page/benchmarks.html")),
    ("lessons.html", include_str!("page/lessons.html")),
    ("arena.html", include_str!("page/arena.html")),
    ("senses.html", include_str!("page/senses.html")),
    ("other.html", include_str!("page/other.html")),
    ("chart.html", include_str!("page/chart.html")),
    ("drops.html", include_str!("page/drops.html")),
    ("kept.html", include_str!("page/kept.html")),
    ("tokenizer.html", include_str!("page/tokenizer.html")),
    ("training.html", include_str!("page/training.html")),
    ("samples.html", include_str!("page/samples.html")),
    ("failures.html", include_str!("page/failures.html")),
    ("ledger.html", include_str!("page/ledger.html")),
    ("recipe.html", include_str!("page/recipe.html")),
    ("audit.md", include_str!("page/audit.md")),
    ("arena.md", include_str!("page/arena.md")),
    ("senses.md", include_str!("page/senses.md")),
    ("page.md", include_str!("page/page.md")),
];
const STYLE: &str = include_str!("page/page.css");

/// The page: one file that needs nothing else.
pub(super) fn html(report: &Report) -> anyhow::Result<String> {
    Ok(environment()?.get_template("page.html")?.render(Serde(report))?)
}

/// The same in Markdown, for terminals and code hosts.
pub(super) fn markdown(report: &Report) -> anyhow::Result<String> {
    Ok(environment()?.get_template("page.md")?.render(Serde(report))?)
}

fn environment() -> anyhow::Result<Environment<'static>> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(out, state, &text::visible(text).into()),
        _ => escape_formatter(out, state, value),
    });
    environment.add_global("style", STYLE);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "md")) => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    environment.add_filter("thousands", thousands);
    environment.add_filter("bytes", bytes);
    environment.add_filter("count", |of: &Value| u64::try_from(of.clone()).map_or("–".to_owned(), thousands));
    environment.add_filter("percent", percent);
    environment.add_filter("width", |share: f64| format!("{:.2}%", share * 100.0));
    environment.add_filter("seconds", |seconds: f64| format!("{seconds:.2} s"));
    environment.add_filter("fixed", |value: f64, digits: usize| format!("{value:.digits$}"));
    environment.add_filter("flops", |count: u64| format!("{:.1e}", count as f64));
    environment.add_filter("figure", |of: &Value, digits: usize| figure(of, digits).join(" "));
    environment.add_filter("cell", cell);
    environment.add_filter("wrapped", |name: String| wrapped(&name));
    environment.add_filter("left", |value: String, width: usize| format!("{value:<width$}"));
    environment.add_filter("right", |value: String, width: usize| format!("{value:>width$}"));
    environment.add_filter("bar", |share: f64| "█".repeat((share * 32.0).round() as usize));
    environment.add_filter("plain", |text: String| plain(&text));
    environment.add_filter("code", |text: String| code(&text));
    environment.add_filter("block", |text: String| block(&text));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// A figure of `scores/1` and its interval, where it has one: `0.983`, `(0.961–0.995)`; a dash where there is none.
fn figure(of: &Value, digits: usize) -> Vec<String> {
    let number = |name: &str| of.get_attr(name).ok().and_then(|number| f64::try_from(number).ok());
    let Some(value) = number("value") else { return vec!["–".to_owned()] };
    parts(value, number("low").zip(number("high")), digits)
}

/// A figure, and its interval in parentheses where it has one.
pub(super) fn parts(value: f64, interval: Option<(f64, f64)>, digits: usize) -> Vec<String> {
    let interval = interval.map(|(low, high)| format!("({low:.digits$}–{high:.digits$})"));
    [Some(format!("{value:.digits$}")), interval].into_iter().flatten().collect()
}

/// The same in a cell of a table: the interval is small.
fn cell(of: &Value, digits: usize) -> Value {
    let parts = figure(of, digits);
    let interval = parts.get(1).map(|interval| format!(" <small>{interval}</small>"));
    Value::from_safe_string(format!("{}{}", parts[0], interval.unwrap_or_default()))
}

/// A name that may be broken after its underscores.
fn wrapped(name: &str) -> Value {
    let visible = text::visible(name);
    Value::from_safe_string(HtmlEscape(&visible).to_string().replace('_', "_<wbr>"))
}

/// A share in percent; what is there is never shown as nothing.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 0.05 => "< 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

/// Markdown text in which no character has a meaning.
fn plain(of: &str) -> String {
    text::line(of, 400).chars().fold(String::new(), |mut out, char| {
        if "\\`*_[]<>#|~&!".contains(char) {
            out.push('\\');
        }
        out.push(char);
        out
    })
}

/// A Markdown code span that no text can leave.
fn code(of: &str) -> String {
    let line = text::line(of, 400);
    let ticks = "`".repeat(longest_run(&line) + 1);
    let space = if line.contains('`') { " " } else { "" };
    if line.is_empty() { line } else { format!("{ticks}{space}{line}{space}{ticks}") }
}

/// A fenced Markdown block that no text can leave.
fn block(text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}text\n{text}\n{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_reason_is_not_none() {
        assert_eq!([0.0, 0.0002, 0.0005, 1.0].map(percent), ["0.0 %", "< 0.1 %", "0.1 %", "100.0 %"]);
    }

    #[test]
    fn a_figure_stands_with_its_interval() {
        let of = |low: Option<f64>| {
            Value::from(Serde(&serde_json::json!({ "value": 0.5, "low": low, "high": 1 })))
        };
        assert_eq!(figure(&of(Some(0.25)), 2), ["0.50", "(0.25–1.00)"]);
        assert_eq!(figure(&of(None), 3), ["0.500"]);
        assert_eq!(figure(&Value::from(()), 3), ["–"]);
        assert_eq!(wrapped("a_<b>").to_string(), "a_<wbr>&lt;b&gt;");
        assert_eq!(cell(&of(Some(0.25)), 2).to_string(), "0.50 <small>(0.25–1.00)</small>");
    }

    #[test]
    fn no_text_leaves_its_code() {
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(code("``x`\n# y"), "``` ``x` # y ```");
        assert_eq!(code(" \n"), "");
        assert_eq!(plain("# a_b\n<i>"), "\\# a\\_b \\<i\\>");
        assert_eq!(block("a\n````\n# b"), "`````text\na\n````\n# b\n`````");
    }
}
