//! Where pipeline files are found, and what they extend.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::error::{Error, Fault, Result, nearest};
use crate::explain::deserialize;
use crate::file::{Entry, PipelineFile, RawStage, clipped};
use crate::toml_lines;

/// Finds the text of a pipeline by name or path.
///
/// Built-in files make the installed program useful in an empty directory; a file on disk wins.
pub struct Library<'a> {
    /// Directories searched for `NAME.toml`.
    pub directories: &'a [PathBuf],
    /// Built-in files: name and text.
    pub builtin: &'a [(&'a str, &'a str)],
}

/// A pipeline file before it is parsed.
struct Source {
    path: PathBuf,
    text: String,
    builtin: bool,
}

impl Library<'_> {
    fn read(&self, name: &str, beside: Option<&Path>) -> std::result::Result<Source, Fault> {
        let is_file = Path::new(name).extension().is_some_and(|extension| extension == "toml");
        let is_path = is_file || name.contains('/');
        let file = if is_file { name.to_owned() } else { format!("{name}.toml") };
        let directories = beside.into_iter().chain(self.directories.iter().map(PathBuf::as_path));
        let mut candidates: Vec<PathBuf> = directories.map(|directory| directory.join(&file)).collect();
        if is_path && beside.is_none() {
            candidates.insert(0, PathBuf::from(&file));
        }
        if let Some(path) = candidates.into_iter().find(|path| path.is_file()) {
            return Ok(Source { text: read_text(&path)?, path, builtin: false });
        }
        let stem = Path::new(&file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&file);
        // where a directory is named, a built-in file is meant only if its name has the same one
        let whole = file.strip_suffix(".toml").unwrap_or(&file);
        let called = |builtin: &str| builtin == whole || builtin.rsplit('/').next() == Some(whole);
        if let Some((builtin, text)) = self.builtin.iter().find(|(builtin, _)| called(builtin)) {
            // as in a checkout, so that what it names is found beside it
            let path = PathBuf::from(format!("pipelines/{builtin}.toml"));
            return Ok(Source { path, text: (*text).to_owned(), builtin: true });
        }
        let known: Vec<&str> = self.builtin.iter().map(|(name, _)| *name).collect();
        let cure = match nearest(stem, known.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "give a built-in name or the path of a .toml file".to_owned(),
        };
        let fault = Fault::new(format!("there is no pipeline \"{name}\""));
        Err(fault.expected(format!("a file, or one of {}", known.join(", "))).cure(cure))
    }

    /// Reads the pipeline `name` and everything it extends.
    ///
    /// # Errors
    /// [`Error::Wiring`] with file and line.
    pub fn load(&self, name: &str) -> Result<PipelineFile> {
        let pipeline = self.parse(self.read(name, None).map_err(Error::Wiring)?, &mut vec![])?;
        if pipeline.stages.is_empty() {
            let fault = Fault::new("this pipeline has no stages").at(&pipeline.path, None);
            return Err(Error::Wiring(
                fault.expected("at least one [[stage]]").cure("see pipelines/tiny.toml"),
            ));
        }
        if pipeline.name == "store" || pipeline.name.starts_with('.') {
            let fault = Fault::new("a pipeline cannot have this name").at(&pipeline.path, None);
            let expected = "a name that does not begin with a dot and is not \"store\"";
            let cure = "it names a directory beside the store: rename the file";
            return Err(Error::Wiring(fault.got(pipeline.name).expected(expected).cure(cure)));
        }
        Ok(pipeline)
    }

    /// `below` are the files that extend this one, the first that was asked for in front.
    fn parse(
        &self,
        Source { path, text, builtin }: Source,
        below: &mut Vec<PathBuf>,
    ) -> Result<PipelineFile> {
        let file = Arc::new(path);
        let (value, lines) = toml_lines::parse(&text).map_err(|(message, line)| {
            let written = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default();
            let message = message.replace('\n', ", ");
            let (what, expected) = message.split_once(", expected ").unwrap_or((&message, "valid TOML"));
            let fault = Fault::new(format!("this is not valid TOML: {what}")).at(&file, line);
            Error::Wiring(fault.got(clipped(written.trim())).expected(expected).cure("correct the line"))
        })?;
        let raw: RawFile = deserialize(value, &lines, &file)?;
        let mut pipeline = match &raw.extends {
            None => PipelineFile::empty(&file),
            Some(base) => {
                let fault = |fault: Fault| Error::Wiring(fault.at(&file, lines.get("/extends").copied()));
                // a built-in file lies in no directory, so nothing lies beside it
                let beside = if builtin { None } else { file.parent() };
                let base = self.read(if builtin { base.trim_end_matches(".toml") } else { base }, beside);
                let base = base.map_err(fault)?;
                below.push(identity(&file));
                let above = identity(&base.path);
                if below.contains(&above) {
                    let circle = Fault::new("these files extend one another in a circle");
                    let files = below.iter().chain([&above]).map(|path| name_of(path));
                    let got = files.collect::<Vec<_>>().join(" extends ");
                    return Err(fault(circle.got(got).cure("let one of them extend another file, or none")));
                }
                self.parse(base, below)?
            }
        };
        pipeline.name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        pipeline.path.clone_from(&file);
        pipeline.text = text;
        pipeline.builtin = builtin;
        pipeline.seed = raw.seed.unwrap_or(pipeline.seed);
        pipeline.about = raw.about.unwrap_or(pipeline.about);
        let entries = raw.stage.into_iter().enumerate();
        let entries = entries.map(|(i, stage)| Entry::new(stage, &format!("/stage/{i}"), &lines, &file));
        pipeline.overlay(entries.collect::<Result<_>>()?)?;
        Ok(pipeline)
    }
}

/// A file's text; what is not text is refused with the line of the first strange byte.
fn read_text(path: &Path) -> std::result::Result<String, Fault> {
    let fault = |line, got: String| {
        let what = Fault::new("this pipeline file cannot be read").at(path, line).got(got);
        what.expected("a readable UTF-8 text file")
    };
    let bytes = std::fs::read(path)
        .map_err(|error| fault(None, error.to_string()).cure("make it readable: chmod u+r"))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].split(|&byte| byte == b'\n').count();
        let got = format!("the byte 0x{:02x}, which is not UTF-8", error.as_bytes()[good]);
        fault(Some(line), got).cure("save the file as UTF-8")
    })
}

/// The same for two spellings of one path.
fn identity(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    extends: Option<String>,
    seed: Option<u64>,
    about: Option<String>,
    #[serde(default)]
    stage: Vec<RawStage>,
}
