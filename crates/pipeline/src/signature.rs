//! What a stage says of itself before it runs.

/// The answer to "what are you": everything that wiring and keys need.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Raised by hand when the same settings and inputs shall give other bytes.
    pub version: u32,
    /// Whether bits depend on the machine's kernels.
    pub class: Class,
    /// Whether the run's seed is part of the recipe.
    pub random: bool,
    /// What it reads from stages above.
    pub reads: Vec<Slot>,
    /// What it leaves.
    pub writes: Vec<Output>,
    /// Files and URLs from outside the store that its settings name.
    pub outside: Vec<Outside>,
    /// Names of settings that say how and not what: memory, buffers. They are no part of the key, so whatever they are,
    /// bytes must be the same.
    pub unhashed: Vec<&'static str>,
    /// The crates whose sources make it, for the note "made by other code".
    pub sources: &'static [&'static str],
}

impl Signature {
    /// An exact stage without randomness; change fields by struct update.
    pub fn exact(version: u32) -> Self {
        Self {
            version,
            class: Class::Exact,
            random: false,
            reads: vec![],
            writes: vec![],
            outside: vec![],
            unhashed: vec![],
            sources: &[],
        }
    }
}

/// Whether a stage's bytes are the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Bytes depend on settings, inputs and seed alone.
    Exact,
    /// Bits depend also on the kernel class (scalar, avx2, avx512, …), which enters the key.
    Numeric,
}

/// One thing that a stage reads, named in a pipeline file as `from = { slot = "stage" }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The name on the left of `from`.
    pub name: String,
    /// What must be there, with a version: `documents/1`. `*` takes anything.
    pub kind: String,
    /// Whether a pipeline may leave it out.
    pub optional: bool,
}

impl Slot {
    /// A slot that must be filled.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), optional: false }
    }
    /// The same, but it may stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// One thing that a stage leaves: a directory of files of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The directory's name in the store entry: `documents`.
    pub name: String,
    /// What lies there, with a version: `documents/1`.
    pub kind: String,
}

impl Output {
    /// An output called `name` that holds `kind`.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into() }
    }
}

/// A file, a directory, a pattern (`*.warc.gz`) or a URL that a setting names.
///
/// Its bytes enter the key instead of its spelling, so a file may move and a path may differ between machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// JSON pointer of the setting (RFC 6901): `/files/0`.
    pub setting: String,
    /// The setting's value.
    pub locator: String,
    /// How to get it, told where it is missing; may be empty.
    pub cure: String,
}

impl Outside {
    /// The setting at `pointer` names `locator`.
    pub fn new(pointer: impl Into<String>, locator: impl Into<String>) -> Self {
        Self { setting: pointer.into(), locator: locator.into(), cure: String::new() }
    }
    /// The same, and how to get it where it is missing.
    #[must_use]
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = cure.into();
        self
    }
    /// Whether the locator is a URL rather than a path.
    pub fn is_url(&self) -> bool {
        ["http://", "https://", "s3://"].iter().any(|scheme| self.locator.starts_with(scheme))
    }
}
