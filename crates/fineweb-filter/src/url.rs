//! Dropping pages by their address, before anything else is looked at.
//!
//! Deviations from datatrove, each of which lets fewer bad pages pass:
//!
//! 1. whole addresses are compared without scheme, fragment and final slash, as its list has them without scheme;
//! 2. words are compared without regard to case;
//! 3. hosts whose suffix is on no list of public suffixes, and IP addresses, can be listed;
//! 4. a host in letters beyond ASCII is its punycode, on lists and in addresses.
//!
//! And a list of takedowns, which it does not have: see [`ListKind::Takedown`].

mod address;
mod compiled;
mod keys;
mod lines;
mod lists;

pub use compiled::CompiledLists;
pub use lists::{ListKind, Lists};

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashSet;

use crate::{Page, Reason, UrlSettings, reasons};
use address::{
    domain_key, host, id_key, letters_and_digits, on_the_wire, registered_domain, taken_host_key, url_key,
    with_parents,
};

/// Block lists with the settings under which they are asked; shared by all threads.
#[derive(Debug)]
pub struct UrlFilter {
    lists: Arc<CompiledLists>,
    subwords: Option<AhoCorasick>,
    soft_words: usize,
    enabled: bool,
}

impl UrlFilter {
    /// Prepares the lists: [`Lists`], or [`CompiledLists`] that are shared with other filters.
    pub fn new(settings: &UrlSettings, lists: impl Into<Arc<CompiledLists>>) -> Self {
        let lists = lists.into();
        let enabled = settings.enabled && !lists.blocks_nothing();
        let subwords = Some(&lists.subwords).filter(|words| enabled && !words.is_empty());
        // building fails only beyond 2³² states; then no sub-word is asked for
        let subwords = subwords.and_then(|words| AhoCorasick::new(words).ok());
        Self { lists, subwords, soft_words: settings.soft_words, enabled }
    }

    /// Why a page is blocked, if it is: taken down, or its [address](Self::reason).
    pub fn reason_of(&self, page: &Page<'_>) -> Option<Reason> {
        if self.is_taken_down(page) { Some(reasons::TAKEDOWN) } else { self.reason(page.url) }
    }

    /// Whether the page's address, its host or one above, or its id is on a list of takedowns.
    fn is_taken_down(&self, page: &Page<'_>) -> bool {
        let taken = &self.lists.takedown;
        if taken.is_empty() {
            return false;
        }
        let host = on_the_wire(host(page.url));
        taken.contains(id_key(page.id))
            || taken.contains(url_key(page.url))
            || with_parents(&host).any(|host| taken.contains(taken_host_key(host)))
    }

    /// Why an address is blocked, if it is. The order is FineWeb's: domain, host, address, words, sub-words.
    pub fn reason(&self, url: &str) -> Option<Reason> {
        if !self.enabled {
            return None;
        }
        let host = on_the_wire(host(url));
        let listed = |host: &str| self.lists.domains.contains(domain_key(host));
        if registered_domain(&host).is_some_and(listed) {
            return Some(reasons::URL_DOMAIN);
        }
        if listed(&host) {
            return Some(reasons::URL_SUBDOMAIN);
        }
        if self.lists.urls.contains(url_key(url)) {
            return Some(reasons::URL_EXACT);
        }
        let lower = url.to_ascii_lowercase();
        let words = || lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        if words().any(|word| self.lists.hard_words.contains(word)) {
            return Some(reasons::URL_HARD_WORD);
        }
        let soft: FxHashSet<&str> = words().filter(|word| self.lists.soft_words.contains(*word)).collect();
        if self.soft_words > 0 && soft.len() >= self.soft_words {
            return Some(reasons::URL_SOFT_WORDS);
        }
        let subwords = self.subwords.as_ref()?;
        subwords.is_match(&letters_and_digits(&lower)).then_some(reasons::URL_SUBWORD)
    }
}
