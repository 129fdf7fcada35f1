//! Outside files on their way to machines that do not have them.

use std::path::{Path, PathBuf};

use crate::depot::bring_listed;
use crate::error::{Error, Fault, On, Result};
use crate::manifest::FileRecord;
use crate::outside::Memo;
use crate::plan::{Found, Planned};
use crate::store::{CACHE, Store};

impl Store {
    /// Puts the outside files of a stage into the depot, if there is one, so that other machines can [`borrow`](Self::borrow)
    /// them.
    ///
    /// # Errors
    /// When they cannot be put.
    pub fn lend(&self, planned: &Planned) -> Result<()> {
        let Some(depot) = self.depot() else { return Ok(()) };
        for (path, hash) in planned.outside.values().flat_map(Found::files) {
            // where something stands, it is this file: its hash is in the name
            let object = object(path, hash);
            depot.put(&object, path).on("put into the depot", Path::new(&object))?;
        }
        Ok(())
    }

    /// Where the outside file with this hash lies on this machine: at `path`, if what lies there has it, or as lent.
    ///
    /// # Errors
    /// When it is neither here nor in the depot.
    pub fn borrow(&self, path: &Path, hash: &str, memo: &mut Memo) -> Result<PathBuf> {
        if path.is_file() && memo.hash(path).is_ok_and(|found| found == hash) {
            return Ok(path.to_owned());
        }
        let Some(depot) = self.depot() else {
            let fault = Fault::new("an outside file is not on this machine").at(path, None);
            let fault = fault.expected(format!("a file whose blake3 is {hash}"));
            return Err(Error::Input(fault.cure("put it on the disk that all share, or give a --depot")));
        };
        let object = object(path, hash);
        let here = self.root().join(CACHE).join(&object);
        let (name, blake3) = (object.clone(), hash.to_owned());
        bring_listed(depot, &object, &here, &FileRecord { name, rows: None, bytes: 0, blake3 })?;
        Ok(here)
    }
}

/// Its file name stays, because it may be in the key.
fn object(path: &Path, hash: &str) -> String {
    format!("outside/{hash}/{}", path.file_name().unwrap_or_default().to_string_lossy())
}
