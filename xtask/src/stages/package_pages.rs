//! `package-pages`: the pages of packages as a crawler would have archived them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufWriter;

use anyhow::{Context, ensure};
use glob::Pattern;
use pipeline::{Fault, Input, InputFile, Io, Output, Signature, Slot, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warc::{Headers, Kind, Packing, Record, Writer};

/// HTML files of packages, an archive a package, each page as the answer of a server that never was.
///
/// The address of `usr/share/doc/a.html` in the package `doc` is `https://doc.package.invalid/usr/share/doc/a.html`: the
/// domain is one that cannot exist (RFC 2606).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PackagePages {
    /// Patterns of the files that are pages; `*` matches folders too.
    pub pages: Vec<String>,
    /// When they are said to have been fetched: packages tell no time.
    #[schemars(extend("source" = "WARC 1.1, section 5.4: ISO 8601 in UTC"))]
    pub date: String,
}

impl Default for PackagePages {
    fn default() -> Self {
        let pages = ["*.html", "*.htm", "*.xhtml"].map(str::to_owned);
        Self { pages: pages.to_vec(), date: "1970-01-01T00:00:00Z".to_owned() }
    }
}

impl Stage for PackagePages {
    fn signature(&self) -> Signature {
        Signature {
            reads: vec![Slot::new("packages", "packages/1")],
            writes: vec![Output::new("warc", "warc/1")],
            sources: &["warc"],
            ..Signature::exact(1)
        }
    }

    fn check(&self) -> Result<(), Fault> {
        for (at, pattern) in self.pages.iter().enumerate() {
            if let Err(error) = Pattern::new(pattern) {
                let fault = Fault::new("this pattern cannot be read").on(format!("/pages/{at}"));
                return Err(fault.got(format!("{pattern:?}")).expected(error.msg));
            }
        }
        if self.date.parse::<jiff::Timestamp>().is_err() {
            let fault = Fault::new("this is no time").on("/date").got(format!("{:?}", self.date));
            return Err(fault.expected("ISO 8601 in UTC, such as \"2023-06-10T00:00:00Z\""));
        }
        Ok(())
    }

    /// A package a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        Ok(vec![folders(io.input("packages")?).len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let input = io.input("packages")?;
        let folders = folders(input);
        let folder = *folders.get(task.part).context("a package is gone")?;
        let patterns: Vec<Pattern> = self.pages.iter().filter_map(|one| Pattern::new(one).ok()).collect();
        let name = format!("{folder}.warc.gz");
        let path = io.output("warc")?.join(&name);
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut archive = Writer::new(BufWriter::new(file), Packing::Gzip);
        let mut pages = 0;
        for file in input.files() {
            let Some(inside) = file.name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            if !patterns.iter().any(|pattern| pattern.matches(inside)) {
                continue;
            }
            archive.write(&self.record(folder, inside, file)?)?;
            pages += 1;
        }
        ensure!(pages > 0, "the package {folder} has no page: none of its files matches `pages`");
        archive.finish().with_context(|| format!("cannot write {}", path.display()))?;
        io.add_file("warc", &name)?;
        io.count("pages", pages);
        io.count("files", 1);
        Ok(())
    }
}

impl PackagePages {
    fn record(&self, folder: &str, inside: &str, file: &InputFile) -> anyhow::Result<Record> {
        let path = file.path()?;
        let page = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let url = url(folder, inside);
        let mut headers = Headers::default();
        headers.push("WARC-Record-ID", &format!("<urn:uuid:{}>", uuid(&url)));
        headers.push("WARC-Date", &self.date);
        headers.push("WARC-Target-URI", &url);
        headers.push("Content-Type", "application/http; msgtype=response");
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", page.len());
        Ok(Record::new(Kind::Response, headers, [head.into_bytes(), page].concat()))
    }
}

/// The packages, in the order of their names.
fn folders(input: &Input) -> Vec<&str> {
    let mut folders: Vec<&str> =
        input.files().iter().filter_map(|file| Some(file.name.split_once('/')?.0)).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// Where the page would stand if the package were a site.
fn url(folder: &str, inside: &str) -> String {
    let host: String = folder
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let mut url = format!("https://{}.package.invalid/", host.trim_matches('-'));
    for byte in inside.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(byte.into());
            }
            _ => write!(url, "%{byte:02X}").expect("a String takes all"),
        }
    }
    url
}

/// A name-based identifier of the address, in the form of RFC 9562's version 8.
fn uuid(url: &str) -> String {
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&blake3::hash(url.as_bytes()).as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::{url, uuid};

    #[test]
    fn an_address_is_one_that_a_url_parser_takes() {
        let address = url("python3.11-doc", "usr/share/doc/a b/Größe.html");
        assert_eq!(
            address,
            "https://python3-11-doc.package.invalid/usr/share/doc/a%20b/Gr%C3%B6%C3%9Fe.html"
        );
        let id = uuid(&address);
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert_ne!(id, uuid("https://python3-11-doc.package.invalid/other"));
    }
}
