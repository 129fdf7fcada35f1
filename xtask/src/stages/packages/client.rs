//! How a package comes here: from a mirror, or by the registry's own client.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use pipeline::{Error, Fault};
use sha2::{Digest, Sha256};

use super::{Package, Registry};

/// Where a mirror has packages, under whatever names.
const MIRRORED: &str = "packages";

/// The archive of `package`, whose hash is what was pinned: from `mirror` where it is there, else fetched into `scratch`.
///
/// # Errors
/// When the client is missing or refuses, or sends other bytes.
pub(super) fn fetch(package: &Package, mirror: Option<&Path>, scratch: &Path) -> anyhow::Result<PathBuf> {
    let _ = fs::remove_dir_all(scratch);
    fs::create_dir_all(scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    if let Some(found) = mirror.map(|mirror| mirrored(package, &mirror.join(MIRRORED))).transpose()?.flatten()
    {
        return Ok(found);
    }
    ask(package, scratch)?;
    let files = files_in(scratch)?;
    let [archive] = files.as_slice() else {
        let got = format!("{} files", files.len());
        return Err(refuse(package, "brought something else than one archive", got, "one archive"));
    };
    let got = sha256(archive)?;
    if got != package.sha256 {
        let expected = format!("{}, as pinned", package.sha256);
        return Err(refuse(package, "sent other bytes than were pinned", got, &expected));
    }
    Ok(archive.clone())
}

/// A file of the mirror with the pinned hash, whatever it is called.
fn mirrored(package: &Package, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut files = files_in(folder)?;
    // those that carry its name first: hashing is what costs
    let name = package.name.rsplit('/').next().unwrap_or_default().replace('-', "_").to_lowercase();
    let likely = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().replace('-', "_").to_lowercase();
        !file.contains(&name)
    };
    files.sort_by_key(likely);
    for file in files {
        if sha256(&file)? == package.sha256 {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

/// Runs the client in `folder`, where it leaves the archive.
fn ask(package: &Package, folder: &Path) -> anyhow::Result<()> {
    let words = command(package);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).current_dir(folder).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            refuse(package, "has no client here", format!("no {}", words[0]), &words.join(" "))
        }
        _ => anyhow::Error::new(error).context(format!("cannot start {}", words[0])),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.trim().lines().rev().take(3).collect();
        let got = format!("{}: {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join(" / "));
        return Err(refuse(package, "does not give this version", got, &words.join(" ")));
    }
    Ok(())
}

/// What is typed to get it.
fn command(Package { registry, name, version, .. }: &Package) -> Vec<String> {
    let words = match registry {
        Registry::Debian => vec!["apt-get", "--quiet", "download"],
        Registry::Npm => vec!["npm", "pack", "--silent"],
        Registry::Pypi => vec![
            "python3",
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--dest",
            ".",
        ],
    };
    let pinned = match registry {
        Registry::Debian => format!("{name}={version}"),
        Registry::Npm => format!("{name}@{version}"),
        Registry::Pypi => format!("{name}=={version}"),
    };
    words.into_iter().map(str::to_owned).chain([pinned]).collect()
}

/// The files that lie in `folder`, in the order of their names.
fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let what = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(what)?;
    let mut files =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().with_context(what)?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let what = || format!("cannot read {}", path.display());
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).with_context(what)?);
    let mut hasher = Sha256::new();
    loop {
        let bytes = file.fill_buf().with_context(what)?;
        if bytes.is_empty() {
            return Ok(hexadecimal(&hasher.finalize()));
        }
        hasher.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a String takes all");
        digits
    })
}

fn refuse(package: &Package, what: &str, got: String, expected: &str) -> anyhow::Error {
    let Package { registry, name, version, .. } = package;
    let fault =
        Fault::new(format!("{} {what}: {name} {version}", registry.name())).got(got).expected(expected);
    let cure = "put the archive into DIR/packages, under any name, and add --mirror DIR";
    Error::Input(fault.cure(cure)).into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Package, Registry};
    use super::{command, fetch, sha256};

    fn package(registry: Registry) -> Package {
        let (name, version) = ("a-page".to_owned(), "1:2.0-3".to_owned());
        // of "abc", FIPS 180-4's example
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        Package { registry, name, version, sha256, take: vec![] }
    }

    #[test]
    fn each_client_is_asked_for_exactly_one_version() {
        let words = |registry| command(&package(registry)).join(" ");
        assert_eq!(words(Registry::Debian), "apt-get --quiet download a-page=1:2.0-3");
        assert_eq!(words(Registry::Npm), "npm pack --silent a-page@1:2.0-3");
        assert!(words(Registry::Pypi).ends_with("--no-deps --dest . a-page==1:2.0-3"));
    }

    #[test]
    fn a_mirror_is_searched_by_hash_and_a_missing_client_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let (mirror, scratch) = (directory.path().join("mirror"), directory.path().join("scratch"));
        fs::create_dir_all(mirror.join("packages")).unwrap();
        fs::write(mirror.join("packages/a-page_other.deb"), "other").unwrap();
        fs::write(mirror.join("packages/under-another-name.deb"), "abc").unwrap();
        let found = fetch(&package(Registry::Debian), Some(&mirror), &scratch).unwrap();
        assert!(found.ends_with("under-another-name.deb"));
        assert_eq!(sha256(&found).unwrap(), package(Registry::Debian).sha256);
        // a name that no registry has, so that the test needs no network
        let nobody = Package { name: "/".to_owned(), ..package(Registry::Debian) };
        let error = fetch(&nobody, None, &scratch).unwrap_err();
        assert!(format!("{error:?}").contains("--mirror DIR"), "{error:?}");
    }
}
