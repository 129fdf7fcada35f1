//! `packages`: files out of packages of the public registries, each pinned by version and hash.
//!
//! A registry's own client fetches them, set up as it is on this machine: with its mirrors, proxies and credentials.

mod archive;
mod client;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use glob::Pattern;
use pipeline::{Error, Fault, Io, Output, Signature, Stage, Task};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::client::fetch;

/// Packages of registries, and what is taken out of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Packages {
    /// What is fetched; each package becomes a folder of its name.
    pub packages: Vec<Package>,
}

/// One version of a package, to the bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Whose client is asked.
    pub registry: Registry,
    /// What the registry calls it.
    pub name: String,
    /// As the registry writes it.
    pub version: String,
    /// SHA-256 of the archive, in hexadecimal digits.
    pub sha256: String,
    /// Patterns of the files inside that are taken (`*` matches folders too); all where none is named.
    #[serde(default)]
    pub take: Vec<String>,
}

/// Registries of packages, by their clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Registry {
    /// `apt-get download`, on systems whose sources have that version.
    Debian,
    /// `npm pack`.
    Npm,
    /// `pip download`, without dependencies.
    Pypi,
}

impl Registry {
    /// As pipeline files write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Npm => "npm",
            Self::Pypi => "pypi",
        }
    }
}

impl Package {
    /// Its folder: the name, with what folders cannot be called replaced.
    fn folder(&self) -> String {
        self.name.trim_start_matches('@').replace('/', "-")
    }
}

impl Stage for Packages {
    fn signature(&self) -> Signature {
        Signature { writes: vec![Output::new("packages", "packages/1")], ..Signature::exact(1) }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.packages.is_empty() {
            let fault = Fault::new("`packages` names nothing").on("/packages").got("[]");
            return Err(fault.expected("at least one package").cure(
                "write packages = [{ registry = \"pypi\", name = \"…\", version = \"…\", sha256 = \"…\" }]",
            ));
        }
        for (at, package) in self.packages.iter().enumerate() {
            let fault = |what: &str, setting: &str, got: &str| {
                Err(Fault::new(what).on(format!("/packages/{at}/{setting}")).got(format!("{got:?}")))
            };
            let expected = |refused: Result<(), Fault>, words: &str| refused.map_err(|it| it.expected(words));
            for (setting, value) in [("name", &package.name), ("version", &package.version)] {
                // both become arguments of a client, and a name a folder
                let plain = |c: char| c.is_ascii_alphanumeric() || ".+~:_-@/".contains(c);
                let starts = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@');
                if !starts || !value.chars().all(plain) || value.contains("..") {
                    let words = "letters, digits and . + ~ : _ - @ /, a letter or digit first";
                    return expected(fault("no registry knows such a word", setting, value), words);
                }
            }
            let hex = package.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if package.sha256.len() != 64 || !hex {
                let refused = fault("this is no SHA-256", "sha256", &package.sha256);
                return expected(refused, "64 lower-case hexadecimal digits, as `sha256sum` prints them");
            }
            if self.packages[..at].iter().any(|other| other.folder() == package.folder()) {
                return expected(
                    fault("two packages have one folder", "name", &package.name),
                    "a name for each",
                );
            }
            for pattern in &package.take {
                if let Err(error) = Pattern::new(pattern) {
                    return expected(fault("this pattern cannot be read", "take", pattern), error.msg);
                }
            }
        }
        Ok(())
    }

    /// A package a task.
    fn phases(&self, io: &Io) -> anyhow::Result<Vec<usize>> {
        io.progress().length(self.packages.len() as u64);
        Ok(vec![self.packages.len()])
    }

    fn run(&self, io: &Io, task: Task) -> anyhow::Result<()> {
        let package = &self.packages[task.part];
        let scratch = io.scratch()?.join(package.folder());
        let archive = fetch(package, io.mirror(), &scratch)?;
        let folder = io.output("packages")?.join(package.folder());
        // what a killed attempt left
        let _ = fs::remove_dir_all(&folder);
        let taken = take(package, &archive, &folder).with_context(|| {
            format!("cannot unpack {} {} of {}", package.name, package.version, package.registry.name())
        })?;
        for name in taken {
            io.add_file("packages", &format!("{}/{name}", package.folder()))?;
            io.count("files", 1);
        }
        io.count("packages", 1);
        io.progress().advance(1);
        fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))
    }
}

/// Unpacks what `package` takes into `folder`; the names below it, in order.
fn take(package: &Package, archive: &Path, folder: &Path) -> anyhow::Result<Vec<String>> {
    let wanted: Vec<Pattern> = package.take.iter().filter_map(|one| Pattern::new(one).ok()).collect();
    let mut taken = vec![];
    archive::each(archive, &mut |name, content| {
        if !wanted.is_empty() && !wanted.iter().any(|pattern| pattern.matches(name)) {
            return Ok(());
        }
        let path = folder.join(name);
        let parent = path.parent().context("a file lies in no folder")?;
        fs::create_dir_all(parent)?;
        let mut file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        io::copy(content, &mut file)?;
        file.flush()?;
        taken.push(name.to_owned());
        Ok(())
    })?;
    if taken.is_empty() {
        let fault = Fault::new(format!("nothing was taken out of {}", package.name)).at(archive, None);
        let fault = fault.got(format!("no file that matches {}", package.take.join(", ")));
        return Err(Error::Input(fault.expected("at least one file").cure("correct `take`")).into());
    }
    taken.sort();
    taken.dedup();
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pipeline::Stage;

    use super::{Package, Packages, Registry, take};

    fn package(name: &str) -> Package {
        Package {
            registry: Registry::Npm,
            name: name.to_owned(),
            version: "1.0".to_owned(),
            sha256: "0".repeat(64),
            take: vec!["*.html".to_owned()],
        }
    }

    #[test]
    fn what_no_client_should_be_told_is_refused() {
        let refused = |change: fn(&mut Package)| {
            let mut package = package("pages");
            change(&mut package);
            let fault = Packages { packages: vec![package] }.check().unwrap_err();
            fault.to_string()
        };
        assert!(refused(|package| package.name = "--index-url=x".to_owned()).contains("no registry knows"));
        assert!(refused(|package| package.name = "../../etc".to_owned()).contains("no registry knows"));
        assert!(refused(|package| package.version = "1 ; rm".to_owned()).contains("no registry knows"));
        assert!(refused(|package| package.sha256 = "abc".to_owned()).contains("no SHA-256"));
        assert!(refused(|package| package.take = vec!["a[".to_owned()]).contains("pattern"));
        let twice = Packages { packages: vec![package("@a/b"), package("a-b")] };
        assert!(twice.check().unwrap_err().to_string().contains("one folder"));
        assert!(Packages { packages: vec![package("@mozilla/readability")] }.check().is_ok());
    }

    #[test]
    fn patterns_reach_into_folders_and_an_empty_harvest_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let archive = directory.path().join("pages-1.0.tgz");
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(vec![], flate2::Compression::fast()));
        for (name, text) in [("package/a/one.html", "<p>1"), ("package/two.txt", "2")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        fs::write(&archive, tar.into_inner().unwrap().finish().unwrap()).unwrap();
        let out = directory.path().join("out");
        assert_eq!(take(&package("pages"), &archive, &out).unwrap(), ["package/a/one.html"]);
        assert_eq!(fs::read_to_string(out.join("package/a/one.html")).unwrap(), "<p>1");
        assert!(!out.join("package/two.txt").exists());
        let none = Package { take: vec!["*.pdf".to_owned()], ..package("pages") };
        assert!(take(&none, &archive, &out).unwrap_err().to_string().contains("nothing was taken"));
    }
}
