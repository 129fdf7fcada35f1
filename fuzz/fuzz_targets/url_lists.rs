//! Any bytes are a list, compiled or not, and any bytes an address.

#![no_main]

use fineweb_filter::{CompiledLists, ListKind, Lists, Page, UrlFilter, UrlSettings};
use libfuzzer_sys::fuzz_target;

const KINDS: [ListKind; 6] = [
    ListKind::Domains,
    ListKind::Urls,
    ListKind::HardWords,
    ListKind::SoftWords,
    ListKind::Subwords,
    ListKind::Takedown,
];

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let lists = if how & 128 == 0 {
        let mut lists = Lists::default();
        lists.add(KINDS[usize::from(*how) % KINDS.len()], data).expect("memory");
        lists.compile()
    } else {
        // as a file with the right key and magic, so that more than the head is read
        let mut file = b"ddlists2".to_vec();
        file.extend([0; 32]);
        file.extend_from_slice(data);
        let Ok(Ok(lists)) = CompiledLists::read_from(&file[..], file.len() as u64, &[0; 32]) else { return };
        lists
    };
    let filter = UrlFilter::new(&UrlSettings::default(), lists);
    let text = String::from_utf8_lossy(data);
    for url in text.split('\n').take(16).chain([&*text]) {
        filter.reason_of(&Page { id: url, url, ..Page::default() });
    }
});
