//! WARC records out of hostile bytes, and a writer.
//!
//! ```
//! use warc::{Event, Headers, Kind, Limits, Packing, Reader, Record, Writer, page};
//!
//! let headers = Headers::from_iter([("WARC-Target-URI", "http://example.org/")]);
//! let block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>caf\xc3\xa9".to_vec();
//! let mut writer = Writer::new(Vec::new(), Packing::Gzip);
//! writer.write(&Record::new(Kind::Response, headers, block))?;
//!
//! for event in Reader::new(&writer.finish()?[..]) {
//!     match event? {
//!         Event::Record(record) => assert_eq!(page(&record, &Limits::default())?.html, "<p>caf\u{e9}"),
//!         Event::Damage(damage) => eprintln!("{damage}"),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why it is made so
//!
//! An archive of the web is a gigabyte that strangers wrote, one gzip member a record. Libraries that stack a
//! decompressor under a parser lose everything behind the first bad member, since neither layer knows where the
//! next record is. Here framing is one thing: [`Reader`] knows both the compressed and the inflated side, so that
//! it can go back into a broken member, find the next one that *inflates to a record*, and say what was lost and
//! where. Nothing about a record can fail the reading; it is a value, [`Damage`].
//!
//! Nothing a header says is believed where the bytes can be asked: the end of a member is stronger than
//! `Content-Length`, a magic number is stronger than `Content-Encoding`, and a `charset` holds unless the bytes
//! refute it. Work and memory are bounded by [`Limits`], in bytes and never in time.
//!
//! # Map
//!
//! `reader` finds members and resynchronises; `framing` takes one record out of a member, `boundary` finds its end
//! when its length lies; `member` inflates and `window` reads the file. `record`, `headers` and `damage` are the
//! values that come out. [`page()`] makes text of a record: [`http`] splits the response, `coding` undoes what it is
//! wrapped in, [`charset`] and `prescan` decode it. `writer` is the way back.

#![forbid(unsafe_code)]

mod boundary;
pub mod charset;
mod coding;
mod damage;
mod framing;
mod headers;
pub mod http;
mod limits;
mod member;
mod page;
mod prescan;
mod reader;
mod record;
mod window;
mod writer;

pub use coding::Coding;
pub use damage::{Damage, DamageKind};
pub use headers::Headers;
pub use limits::Limits;
pub use page::{Format, Page, Rejection, page};
pub use reader::{Event, Reader};
pub use record::{Kind, Record};
pub use writer::{Packing, Writer};
