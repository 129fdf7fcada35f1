use std::path::PathBuf;

/// Everything that can go wrong: settings that cannot be met, and files that are not what they claim to be.
///
/// Text never fails: any `&str` encodes, any ids decode.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not JSON, cut short, or not the layout of a `tokenizer.json`.
    #[error("tokenizer.json: {0}")]
    Json(#[from] serde_json::Error),
    /// A `tokenizer.json` that asks for something byte-level BPE does not have.
    #[error("tokenizer.json: {field} is {got}, expected {expected}")]
    Unsupported {
        /// Where in the file.
        field: &'static str,
        /// What stands there.
        got: String,
        /// What this crate can do.
        expected: &'static str,
    },
    /// A line of a `.tiktoken` file that is not `base64(bytes) rank`.
    #[error("line {line}: expected `base64 rank`, got `{got}`")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The line, shortened.
        got: String,
    },
    /// A character that stands for no byte in the byte-level alphabet.
    #[error("token `{token}`: `{character}` is not in the byte-level alphabet")]
    Alphabet {
        /// The token as the file spells it.
        token: String,
        /// The character at fault.
        character: char,
    },
    /// Two tokens claim one id.
    #[error("id {id} is claimed by `{first}` and by `{second}`")]
    DuplicateId {
        /// The id.
        id: u32,
        /// The earlier claim.
        first: String,
        /// The later claim.
        second: String,
    },
    /// A special token without a name: it would stand everywhere.
    #[error("the special token with id {id} has no name")]
    EmptySpecial {
        /// The id.
        id: u32,
    },
    /// One token has two ids.
    #[error("token `{token}` has the ids {first} and {second}")]
    DuplicateToken {
        /// The token, printable bytes as they are.
        token: String,
        /// The smaller id.
        first: u32,
        /// The larger id.
        second: u32,
    },
    /// An id so far beyond the number of tokens that the file must be damaged.
    #[error("id {id} of `{token}` is too large for a vocabulary of {tokens} tokens")]
    SparseId {
        /// The id.
        id: u32,
        /// Its token.
        token: String,
        /// How many tokens the file has.
        tokens: usize,
    },
    /// More ids than the tables of merges can hold.
    #[error("{ids} ids, expected at most {limit}")]
    TooManyIds {
        /// One more than the largest id.
        ids: usize,
        /// The limit.
        limit: usize,
    },
    /// More bytes of tokens than 32-bit positions can number.
    #[error("tokens of {bytes} bytes in all, expected at most {limit}")]
    TokenBytes {
        /// Bytes of all tokens.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A file that [`Bpe::to_bytes`](crate::Bpe::to_bytes) did not write, or not all of it.
    #[error("not a tokenizer: {reason}")]
    Bytes {
        /// What is wrong.
        reason: &'static str,
    },
    /// A byte without a token of its own: some text could not be encoded.
    #[error("no token for byte 0x{byte:02x}: a byte-level vocabulary has all 256")]
    MissingByte {
        /// The byte.
        byte: u8,
    },
    /// A merge whose left part, right part or result is no token.
    #[error("merge {rank} names `{token}`, which is not in the vocabulary")]
    UnknownToken {
        /// Position of the merge, from 0.
        rank: usize,
        /// What is missing.
        token: String,
    },
    /// The same pair twice in the list of merges.
    #[error("merges {first} and {second} join the same pair")]
    DuplicateMerge {
        /// The earlier position.
        first: usize,
        /// The later position.
        second: usize,
    },
    /// A pattern that is no regular expression.
    #[error("pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What the regex compiler said.
        reason: String,
    },
    /// A name that is no special token of this vocabulary.
    #[error("`{name}` is no special token of this vocabulary")]
    UnknownSpecial {
        /// The name.
        name: String,
    },
    /// More special tokens than can be looked for at once.
    #[error("special tokens: {reason}")]
    Specials {
        /// What the search said.
        reason: String,
    },
    /// Merges that ranks of tokens cannot say.
    #[error("a .tiktoken file ranks tokens by their ids; this tokenizer's merges have another order")]
    NotRanked,
    /// A pre-tokenizer of one's own has no pattern that a file could hold.
    #[error("a tokenizer with its own PreTokenizer has no pattern to save")]
    NoPattern,
    /// `vocab_size` leaves no room for the bytes and the special tokens.
    #[error("vocab_size is {got}, expected at least {least}: 256 bytes and the special tokens")]
    VocabSize {
        /// The setting.
        got: u32,
        /// The smallest that works.
        least: u32,
    },
    /// Counts that have outgrown [`Settings::max_memory`](crate::Settings::max_memory).
    #[error("{got} bytes of counted words, expected at most {most}: allow more memory, or train on a sample")]
    Memory {
        /// What counting takes, about.
        got: u64,
        /// The setting.
        most: u64,
    },
    /// More distinct text than 32-bit positions can number.
    #[error("{bytes} bytes of distinct words, expected fewer than {limit}: train on a sample")]
    TooManyWords {
        /// Bytes of all distinct words.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Bytes as a person reads them in a message: at most 60 characters, each of which may be escaped.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(60).flat_map(char::escape_debug).collect()
}
