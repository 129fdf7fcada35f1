//! `media-files`: pictures and sounds of this machine enter a run, with a question about each.

mod files;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use codec::Image;
use codec::files::write_png;
use pipeline::{Error, Fault, Io, Output, Signature, Stage, Task};
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shard::{Dropped, MediaKind, Table, Writer, dropped, media};

use super::bpe_encode::held_out;
use super::exhibits::{Exhibit, Exhibits, Question, Side, outputs};
use super::{brought, medium, rows, shards};
use files::{File, Found};

/// PNG, JPEG and WAV files, in folders or in `.tar`, `.tar.zst` and `.tar.gz`, or rows of pixels in CSV files; each with its
/// caption, by which a model is asked about it.
///
/// A caption is a part of a file's name, or stands in an index beside: rows of JSON lines or CSV with `file` and `caption`.
/// What has none, or cannot be read, is left out and told in `dropped`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MediaFiles {
    /// Paths, directories or patterns, relative to the pipeline file.
    pub files: Vec<String>,
    /// More of them, of which nothing is learned.
    pub tests: Vec<String>,
    /// What sources begin with, and what the ability of the test is called.
    pub collection: String,
    /// Matches the name of a file; its first group is the caption. Without it, captions stand in an index.
    pub caption: Option<String>,
    /// What matches this, of `files`, is kept for the test.
    pub tested: Option<String>,
    /// The share of `files` that is kept for the test besides, chosen by a hash of their names.
    #[schemars(extend("unit" = "share"))]
    pub hold_out: f64,
    /// What CSV files hold: a picture a line, its caption behind its pixels.
    pub pixels: Option<Pixels>,
    /// What is asked about each; the caption is the answer. An empty question is not asked.
    pub question: String,
    /// What one says to have it made, with the caption in the place of `{}`; empty where nobody shall.
    pub request: String,
}

/// Pictures as lines of numbers, in grey.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// Numbers of a row.
    #[schemars(extend("unit" = "pixels"))]
    pub width: usize,
    /// Rows.
    #[schemars(extend("unit" = "pixels"))]
    pub height: usize,
    /// The number of white; 0 is black.
    pub white: f64,
}

impl Default for MediaFiles {
    fn default() -> Self {
        Self {
            files: vec![],
            tests: vec![],
            collection: "media".to_owned(),
            caption: None,
            tested: None,
            hold_out: 0.0,
            pixels: None,
            question: "What is this?".to_owned(),
            request: String::new(),
        }
    }
}

impl Stage for MediaFiles {
    fn signature(&self) -> Signature {
        let mut writes = outputs();
        writes.push(Output::new("dropped", Dropped::NAME));
        Signature {
            writes,
            outside: [brought::outside("files", &self.files), brought::outside("tests", &self.tests)]
                .concat(),
            sources: &["codec"],
            ..Signature::exact(2)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let wrong = |on: &str, got: String, expected: &str| {
            Err(Fault::new("this makes no sense").on(on).got(got).expected(expected))
        };
        brought::check(&self.files, "path/to/*.png")?;
        if !(0.0..1.0).contains(&self.hold_out) {
            return wrong("/hold_out", self.hold_out.to_string(), "0, or less than 1");
        }
        if self.collection.is_empty() || self.collection.contains('/') {
            return wrong("/collection", format!("{:?}", self.collection), "a word without a slash");
        }
        for (on, pattern) in [("/caption", &self.caption), ("/tested", &self.tested)] {
            if let Some(Err(error)) = pattern.as_deref().map(Regex::new) {
                return wrong(on, error.to_string(), "a regular expression");
            }
        }
        match &self.pixels {
            Some(Pixels { width, height, white })
                if width.checked_mul(*height).is_none_or(|pixels| pixels == 0)
                    || !(white.is_finite() && *white > 0.0) =>
            {
                wrong("/pixels", format!("{width} × {height}, white is {white}"), "more than 0 of each")
            }
            _ => Ok(()),
        }
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let mut import = Import {
            io,
            settings: self,
            caption: self.caption.as_deref().map(Regex::new).transpose()?,
            tested: self.tested.as_deref().map(Regex::new).transpose()?,
            exhibits: Exhibits::create(io, task, &self.collection)?,
            fallen: shards::create::<Dropped>(io, "dropped", &task.shard())?,
            names: HashMap::new(),
        };
        let files =
            brought::outside_files(io, "files", &self.files).into_iter().map(|path| (path, Side::Shown));
        let tests =
            brought::outside_files(io, "tests", &self.tests).into_iter().map(|path| (path, Side::Tested));
        let sources: Vec<(PathBuf, Side)> = files.chain(tests).collect();
        let captions = if self.caption.is_none() { index(&sources)? } else { HashMap::new() };
        for (path, side) in &sources {
            match self.pixels {
                Some(pixels) if files::is_table(path) => import.table(path, *side, pixels)?,
                _ => files::each(path, &mut |file| import.file(&captions, *side, file))?,
            }
        }
        if import.names.is_empty() {
            let fault = Fault::new("no picture and no sound could be read").on("/files");
            let fault = fault.got(self.files.join(", ")).expected("PNG, JPEG or WAV files with captions");
            return Err(Error::Input(fault.cure("`explain media-files` says where captions stand")).into());
        }
        import.exhibits.finish()?;
        shards::finish(io, "dropped", import.fallen)
    }
}

/// Captions by the name of their file, out of all rows that have both.
fn index(sources: &[(PathBuf, Side)]) -> anyhow::Result<HashMap<String, String>> {
    let mut captions = HashMap::new();
    for (path, _) in sources.iter().filter(|(path, _)| files::holds_rows(path)) {
        rows::each_of(path, &mut |_, _, row| {
            if let Ok(row) = row
                && let (Some(file), Some(caption)) = (row["file"].as_str(), row["caption"].as_str())
            {
                captions.insert(base(file).to_owned(), caption.to_owned());
            }
            Ok(())
        })?;
    }
    Ok(captions)
}

/// A name without its folders.
fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

struct Import<'a> {
    io: &'a Io<'a>,
    settings: &'a MediaFiles,
    caption: Option<Regex>,
    tested: Option<Regex>,
    exhibits: Exhibits<'a>,
    fallen: Writer<Dropped>,
    /// How often a name came: the second of two equal ones gets a number.
    names: HashMap<String, u64>,
}

impl Import<'_> {
    fn file(
        &mut self,
        captions: &HashMap<String, String>,
        side: Side,
        file: Found<'_>,
    ) -> anyhow::Result<()> {
        let File { name, bytes } = match file {
            Ok(file) => file,
            Err((name, bytes)) => {
                self.io.count("in", 1);
                return self.leave(name, 0, "too_large", &format!("{bytes} bytes"));
            }
        };
        let Some(kind) = kind(name) else {
            self.io.count("other_files", 1);
            return Ok(());
        };
        self.io.count("in", 1);
        let caption = match &self.caption {
            Some(pattern) => {
                pattern.captures(base(name)).and_then(|found| found.get(1)).map(|found| found.as_str())
            }
            None => captions.get(base(name)).map(String::as_str),
        };
        let Some(caption) = caption.map(str::trim).filter(|caption| !caption.is_empty()) else {
            return self.leave(name, 0, "no_caption", "neither in its name nor in an index");
        };
        // what cannot be read now could not be encoded later
        let row = media::Row { name, kind, bytes, ..media::Row::default() };
        match medium::read(&row) {
            Ok(_) => self.keep(base(name), side, kind, bytes, caption),
            Err(error) => self.leave(name, 0, medium::reason(&error), &error.to_string()),
        }
    }

    /// Lines of numbers, the last of which is the caption.
    fn table(&mut self, path: &Path, side: Side, pixels: Pixels) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files::lines(path, &mut |at, line| {
            self.io.count("in", 1);
            match picture(line, pixels) {
                Ok((_, "")) => self.leave(&name, at as i64, "no_caption", "nothing behind its pixels"),
                Ok((picture, caption)) => {
                    let bytes = write_png(&picture)?;
                    self.keep(&format!("{name}-{at}"), side, MediaKind::Image, &bytes, caption)
                }
                Err(problem) => self.leave(&name, at as i64, "invalid_pixels", &problem),
            }
        })
    }

    fn keep(
        &mut self,
        name: &str,
        side: Side,
        kind: MediaKind,
        bytes: &[u8],
        caption: &str,
    ) -> anyhow::Result<()> {
        let MediaFiles { collection, question, request, .. } = self.settings;
        let side = if self.is_tested(name) { Side::Tested } else { side };
        let times = self.names.entry(name.to_owned()).or_default();
        *times += 1;
        let name = if *times == 1 { name.to_owned() } else { format!("{name}#{times}") };
        let request = (!request.is_empty()).then(|| request.replace("{}", caption));
        let asked = [Question { ability: collection, words: question, answer: caption }];
        self.exhibits.push(&Exhibit {
            name: &name,
            side,
            kind,
            bytes,
            caption,
            questions: if question.is_empty() { &[] } else { &asked },
            request: request.as_deref(),
        })?;
        self.io.count("kept", 1);
        Ok(())
    }

    fn is_tested(&self, name: &str) -> bool {
        self.tested.as_ref().is_some_and(|pattern| pattern.is_match(name))
            || held_out(name, self.settings.hold_out)
    }

    fn leave(&mut self, name: &str, offset: i64, reason: &str, detail: &str) -> anyhow::Result<()> {
        self.io.count(&format!("dropped.{reason}"), 1);
        self.fallen.push(&dropped::Row {
            source: name,
            offset,
            stage: self.io.stage(),
            reason,
            detail: Some(detail),
            kind: dropped::Kind::Damage,
            ..dropped::Row::default()
        })?;
        Ok(())
    }
}

/// What a file is, by its name.
fn kind(name: &str) -> Option<MediaKind> {
    let end = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    match end.as_str() {
        "png" | "jpg" | "jpeg" => Some(MediaKind::Image),
        "wav" => Some(MediaKind::Audio),
        _ => None,
    }
}

/// A line of a table as a picture and its caption.
fn picture(line: &str, Pixels { width, height, white }: Pixels) -> Result<(Image, &str), String> {
    let (numbers, caption) = line.rsplit_once(',').ok_or("a line of one number")?;
    let byte = |number: &str| match number.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok([(value / white * 255.0).round().clamp(0.0, 255.0) as u8; 3]),
        _ => Err(format!("expected a number, got {number:?}")),
    };
    let pixels: Vec<[u8; 3]> = numbers.split(',').map(byte).collect::<Result<_, _>>()?;
    if pixels.len() != width * height {
        return Err(format!("expected {} pixels, got {}", width * height, pixels.len()));
    }
    let picture = Image::new(width, height, pixels.concat()).map_err(|error| error.to_string())?;
    Ok((picture, caption.trim()))
}

#[cfg(test)]
mod tests {
    use super::{Pixels, base, kind, picture};
    use shard::MediaKind;

    const PIXELS: Pixels = Pixels { width: 2, height: 1, white: 16.0 };

    #[test]
    fn lines_are_pictures() {
        let (read, caption) = picture("0,16,7", PIXELS).unwrap();
        assert_eq!((read.pixels(), caption), (&[0, 0, 0, 255, 255, 255][..], "7"));
        for (line, problem) in [
            ("7", "a line of one number"),
            ("1,7", "expected 2 pixels, got 1"),
            ("1,x,7", "expected a number, got \"x\""),
            ("1,NaN,7", "expected a number, got \"NaN\""),
        ] {
            assert_eq!(picture(line, PIXELS).unwrap_err(), problem);
        }
    }

    #[test]
    fn names_say_what_a_file_is() {
        assert_eq!(kind("a/b.PNG"), Some(MediaKind::Image));
        assert_eq!(kind("b.wav"), Some(MediaKind::Audio));
        assert_eq!(kind("README"), None);
        assert_eq!((base("a/b.png"), base("b.png")), ("b.png", "b.png"));
    }
}
