//! The files in a package's archive, whatever the registry packs with.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path};

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;

/// What is called with the name and the content of each file.
type Visit<'a> = dyn FnMut(&str, &mut dyn Read) -> anyhow::Result<()> + 'a;

/// Calls `visit` with every regular file of the archive at `path`, in its order; links and folders are passed over.
///
/// Known by the end of the name: `.deb`, `.whl` and `.zip`, `.tgz` and `.tar.gz`.
pub(super) fn each(path: &Path, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let file = || Ok::<_, anyhow::Error>(BufReader::new(File::open(path)?));
    match path.extension().and_then(|end| end.to_str()) {
        Some("deb") => debian(file()?, visit),
        Some("whl" | "zip") => zipped(file()?, visit),
        Some("tgz" | "gz") => tarred(MultiGzDecoder::new(file()?), visit),
        _ => bail!("{} is no .deb, .whl, .zip, .tgz or .tar.gz", path.display()),
    }
}

/// The member `data.tar.*` of a Debian package (deb(5)).
fn debian(file: impl Read, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let mut members = ar::Archive::new(file);
    while let Some(member) = members.next_entry() {
        let member = member?;
        let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
        let Some(packing) = name.strip_prefix("data.tar") else { continue };
        let member = BufReader::new(member);
        return match packing {
            ".xz" => tarred(XzDecoder::new(member), visit),
            ".zst" => tarred(zstd::Decoder::with_buffer(member)?, visit),
            ".gz" => tarred(MultiGzDecoder::new(member), visit),
            "" => tarred(member, visit),
            other => bail!("its data are packed as {other}, which is none of .xz, .zst and .gz"),
        };
    }
    bail!("it has no data.tar")
}

fn tarred(content: impl Read, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let mut archive = tar::Archive::new(content);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        visit(&inside(&path)?, &mut entry)?;
    }
    Ok(())
}

fn zipped(file: impl BufRead + std::io::Seek, visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let mut archive = zip::ZipArchive::new(file)?;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        if entry.is_file() {
            let name = inside(Path::new(&*entry.name()?))?;
            visit(&name, &mut entry)?;
        }
    }
    Ok(())
}

/// The name below the folder that it is unpacked to; one that leads elsewhere is refused.
fn inside(path: &Path) -> anyhow::Result<String> {
    let mut parts = vec![];
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str().context("a name inside is not UTF-8")?),
            _ => bail!("the name {} leads out of the archive", path.display()),
        }
    }
    if parts.is_empty() {
        bail!("a file inside has no name");
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::{each, inside};

    fn names(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
        let mut found = vec![];
        each(path, &mut |name, content| {
            found.push((name.to_owned(), std::io::read_to_string(content)?));
            Ok(())
        })?;
        Ok(found)
    }

    fn tarball() -> Vec<u8> {
        let mut tar = tar::Builder::new(vec![]);
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "./usr/link.html", "/etc/passwd").unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        tar.append_data(&mut header, "./usr/page.html", &b"hi"[..]).unwrap();
        tar.into_inner().unwrap()
    }

    #[test]
    fn every_packing_of_a_debian_package_is_read_and_links_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let mut xz = liblzma::write::XzEncoder::new(vec![], 1);
        xz.write_all(&tarball()).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        gzip.write_all(&tarball()).unwrap();
        for (member, data) in [
            ("data.tar", tarball()),
            ("data.tar.xz", xz.finish().unwrap()),
            ("data.tar.gz", gzip.finish().unwrap()),
            ("data.tar.zst", zstd::encode_all(&tarball()[..], 1).unwrap()),
        ] {
            let path = directory.path().join("page_1_all.deb");
            let mut package = ar::Builder::new(std::fs::File::create(&path).unwrap());
            for (name, bytes) in [("debian-binary", &b"2.0\n"[..]), ("control.tar", b""), (member, &data)] {
                package.append(&ar::Header::new(name.into(), bytes.len() as u64), bytes).unwrap();
            }
            drop(package);
            assert_eq!(names(&path).unwrap(), [("usr/page.html".to_owned(), "hi".to_owned())], "{member}");
        }
    }

    #[test]
    fn a_wheel_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("page-1-py3-none-any.whl");
        let mut wheel = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        wheel.add_directory("page", options).unwrap();
        wheel.start_file("page/a.json", options).unwrap();
        wheel.write_all(b"{}").unwrap();
        wheel.finish().unwrap();
        assert_eq!(names(&path).unwrap(), [("page/a.json".to_owned(), "{}".to_owned())]);
    }

    #[test]
    fn what_is_cut_off_foreign_or_leads_out_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("a.deb", &b"!<arch>\n"[..]),
            ("b.deb", b"no archive"),
            ("c.tgz", &[0x1f, 0x8b, 8]),
            ("d.whl", b"PK"),
            ("e.rpm", b""),
        ] {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert!(names(&path).is_err(), "{name}");
        }
        assert!(inside(Path::new("../../etc/passwd")).is_err());
        assert!(inside(Path::new("/etc/passwd")).is_err());
        assert_eq!(inside(Path::new("./usr/./a")).unwrap(), "usr/a");
    }
}
