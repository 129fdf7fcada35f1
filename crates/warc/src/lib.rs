//! WARC records out of hostile bytes, and a writer.

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
