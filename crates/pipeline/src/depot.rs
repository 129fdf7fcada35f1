//! Object storage behind a store: what machines without a common file system share.

use std::fmt::Debug;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Fault, On, Result};
use crate::files::hash_file;
use crate::manifest::FileRecord;

/// Objects under names such as `store/KEY/documents/part-00000.parquet`.
///
/// An object is whole or not there, as S3 has it, and nobody replaces one: [`Depot::put`] refuses a name that is taken.
/// On these two promises rests the whole protocol. A task puts its files, then its record; a stage is whole when its
/// `stage.json` is there, which is put last; and readers take only what a record or a manifest lists, with its hash.
///
/// Errors are those of the network: whoever calls may try again.
///
/// ```
/// use std::{fs, io, path::{Path, PathBuf}};
///
/// /// A directory that all machines mount, for whoever wants one copy there and another on local disks.
/// #[derive(Debug)]
/// struct Mounted(PathBuf);
///
/// impl pipeline::Depot for Mounted {
///     fn get(&self, name: &str, to: &Path) -> io::Result<bool> {
///         match fs::copy(self.0.join(name), to) {
///             Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
///             copied => copied.map(|_| true),
///         }
///     }
///     fn put(&self, name: &str, from: &Path) -> io::Result<bool> {
///         let target = self.0.join(name);
///         fs::create_dir_all(target.parent().expect("it lies below"))?;
///         // a link appears whole, and fails where there is one
///         let copy = target.with_extension(format!("{}.tmp", std::process::id()));
///         fs::copy(from, &copy)?;
///         let linked = fs::hard_link(&copy, &target);
///         fs::remove_file(&copy)?;
///         match linked {
///             Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
///             linked => linked.map(|()| true),
///         }
///     }
///     fn names(&self, below: &str) -> io::Result<Vec<String>> {
///         match fs::read_dir(self.0.join(below)) {
///             Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
///             entries => entries?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
///         }
///     }
/// }
/// ```
pub trait Depot: Debug + Send + Sync {
    /// Writes the object `name` to the file `to`; false where there is no such object.
    ///
    /// # Errors
    /// When the object cannot be had, or the file not written.
    fn get(&self, name: &str, to: &Path) -> io::Result<bool>;

    /// Puts the file `from` under `name`; false where something stands there already.
    ///
    /// # Errors
    /// When it cannot be put.
    fn put(&self, name: &str, from: &Path) -> io::Result<bool>;

    /// The last parts of the names of all objects directly below `below`, in any order.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn names(&self, below: &str) -> io::Result<Vec<String>>;
}

/// Brings an object here, under a temporary name first; false where there is none.
pub(crate) fn bring(depot: &dyn Depot, name: &str, to: &Path) -> Result<bool> {
    let Some(arrived) = arrive(depot, name, to)? else {
        // it was made for what did not come
        let _ = to.parent().map(fs::remove_dir);
        return Ok(false);
    };
    fs::rename(&arrived, to).on("write", to)?;
    Ok(true)
}

/// Brings a file that a manifest or a record lists, if it is not here, and sees that it is the one that was meant.
pub(crate) fn bring_listed(depot: &dyn Depot, name: &str, to: &Path, file: &FileRecord) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    let fault = |what: &str| {
        let fault = Fault::new(format!("{what} in the depot")).at(Path::new(name), None);
        let fault = fault.expected(format!("bytes whose blake3 is {}", file.blake3));
        Error::Moved(fault.cure("remove the entry from the depot and run again: it is made anew"))
    };
    let Some(arrived) = arrive(depot, name, to)? else { return Err(fault("a listed file is missing")) };
    if hash_file(&arrived)?.1 != file.blake3 {
        fs::remove_file(&arrived).on("remove", &arrived)?;
        return Err(fault("a file is not what its manifest says"));
    }
    fs::rename(&arrived, to).on("write", to)
}

/// Puts a finished file; whoever came before must have put the same bytes.
pub(crate) fn deposit(depot: &dyn Depot, name: &str, from: &Path, blake3: &str) -> Result<()> {
    if depot.put(name, from).on("put into the depot", Path::new(name))? {
        return Ok(());
    }
    // an attempt that died before its record, or one that runs beside this one
    let Some(other) = arrive(depot, name, from)? else {
        let gone = io::Error::other("it was there, and is gone");
        return Err(gone).on("put into the depot", Path::new(name));
    };
    let found = hash_file(&other)?.1;
    fs::remove_file(&other).on("remove", &other)?;
    if found == blake3 {
        return Ok(());
    }
    let fault = Fault::new("the same task gave other bytes before").at(Path::new(name), None);
    let fault = fault.got(blake3).expected(found);
    Err(Error::Moved(fault.cure("raise the stage's version, or remove the entry from the depot")))
}

/// The object under a name beside `to` that nobody else uses.
fn arrive(depot: &dyn Depot, name: &str, to: &Path) -> Result<Option<PathBuf>> {
    static ARRIVALS: AtomicU64 = AtomicU64::new(0);
    let directory = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).on("create", directory)?;
    let number = ARRIVALS.fetch_add(1, Ordering::Relaxed);
    let arriving = directory.join(format!(".arriving-{}-{number}.tmp", std::process::id()));
    match depot.get(name, &arriving) {
        Ok(true) => Ok(Some(arriving)),
        got => {
            let _ = fs::remove_file(&arriving);
            got.on("get from the depot", Path::new(name)).map(|_| None)
        }
    }
}
