//! Deduplication: FineWeb's numbers, and laws that clustering must keep.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;

use fineweb_filter::Signer;
use fineweb_filter::dedup::disk::{Channel, Grouping, PartWriter, Parts, Places, Signed, group, resolve};
use fineweb_filter::dedup::{
    HashFunction, Member, MinHash, MinHashSettings, Normalisation, Place, Signature, cluster, normalise,
    text_key,
};
use proptest::prelude::*;

const SAMPLE: &str = "Hello, World! It cost $1,234.50 on Monday — café №5 …  don't.";

#[test]
fn normalisation_is_fineweb_s() {
    let today = normalise(SAMPLE, Normalisation::Fineweb2025);
    assert_eq!(today, "hello world it cost 0 0 on monday cafe №0 don t");
    let v1 = normalise("In 2024, the $1,234.50 café", Normalisation::FinewebV1);
    assert_eq!(v1, "in 0 the 0 cafe");
}

#[test]
fn hash_functions_are_numpy_s() {
    let minhash = MinHash::new(MinHashSettings::default());
    assert_eq!(minhash.functions().len(), 112);
    let expected = [
        (775169054918279404, 1062448801025099917),
        (1758426461858698313, 1324811268927594100),
        (2109959069025162, 1217488311597731462),
        (965365488286768774, 100775521383383736),
    ];
    assert_eq!(minhash.functions()[..4], expected);
}

#[test]
fn signature_is_fineweb_s() {
    let minhash = MinHash::new(MinHashSettings::default());
    let shingles = minhash.shingles(SAMPLE);
    assert_eq!(shingles.len(), 9);
    assert_eq!(shingles[0], 15986138916281729940);
    let minima = minhash.minima(SAMPLE).expect("the sample has five words");
    let first_band = [
        37900414359837202,
        208557554334495660,
        111990145215399932,
        8116172219871168,
        130674746490822100,
        151430784147012422,
        188436959033520618,
        258355060510465283,
    ];
    assert_eq!(minima[..8], first_band);
}

/// The same sample under the other hash, as datatrove 0.10.1 signs it (`bench/dedup/datatrove_minhash.py sample`).
#[test]
fn signature_is_fineweb_2_s() {
    let minhash = MinHash::new(MinHashSettings { hash: HashFunction::Xxh64, ..MinHashSettings::default() });
    assert_eq!(minhash.shingles(SAMPLE)[0], 11723919407430549864);
    let minima = minhash.minima(SAMPLE).expect("the sample has five words");
    let first_band = [
        434858430409301836,
        343412769807547517,
        269999876020603036,
        178554369366019956,
        123854260997606060,
        14758760829746835,
        121581367797227941,
        1070490521210454560,
    ];
    assert_eq!(minima[..8], first_band);
}

#[test]
fn short_texts_have_no_signature() {
    let minhash = MinHash::new(MinHashSettings { hash: HashFunction::Xxh64, ..MinHashSettings::default() });
    assert_eq!(minhash.sign("one two three four"), None);
    assert_eq!(minhash.sign("one two three four five").map(|signature| signature.0.len()), Some(14));
}

#[test]
fn exact_duplicates_differ_in_marks_only() {
    assert_eq!(text_key("Hello,  World\n1 "), text_key("Hello, World 1"));
    assert_ne!(text_key("Population 1,200"), text_key("Population 1,300"));
    assert_ne!(text_key("hello world"), text_key("hello worlds"));
}

/// A document as tests make them.
#[derive(Clone, Debug)]
struct Doc {
    id: String,
    text: String,
    signature: Option<Signature>,
}

impl Doc {
    fn new(id: usize, text: String) -> Self {
        let signature = MinHash::new(MinHashSettings::default()).sign(&text);
        Self { id: format!("{id:04}"), text, signature }
    }

    fn member(&self) -> Member<'_> {
        let signature = self.signature.as_ref();
        Member { id: &self.id, length: self.text.len() as u64, text_key: text_key(&self.text), signature }
    }
}

fn places(docs: &[Doc]) -> Vec<Place> {
    cluster(&docs.iter().map(Doc::member).collect::<Vec<_>>())
}

/// Texts over a small vocabulary, among them copies with a few words changed.
fn docs() -> impl Strategy<Value = Vec<Doc>> {
    let base = prop::collection::vec(0usize..400, 3..60);
    let copies = prop::collection::vec(prop::collection::vec((0usize..60, 0usize..400), 0..4), 1..4);
    prop::collection::vec((base, copies), 1..6).prop_map(|families| {
        let mut docs = Vec::new();
        for (words, copies) in families {
            for edits in copies {
                let mut words = words.clone();
                for (at, word) in edits {
                    let at = at % words.len();
                    words[at] = word;
                }
                let text: Vec<String> = words.iter().map(|&at| word(at)).collect();
                docs.push(Doc::new(docs.len(), text.join(" ")));
            }
        }
        docs
    })
}

/// The n-th word. No English word begins so: `wed` would be split as `we'd` is, and shingles be others.
fn word(mut n: usize) -> String {
    let mut word = "qx".to_owned();
    loop {
        word.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return word;
        }
    }
}

#[test]
fn words_of_these_tests_are_not_split() {
    let words: Vec<String> = (0..400).map(word).collect();
    assert_eq!(MinHash::new(MinHashSettings::default()).shingles(&words.join(" ")).len(), 396);
}

fn jaccard(a: &str, b: &str) -> f64 {
    let shingles = |text: &str| -> BTreeSet<String> {
        let words: Vec<&str> = text.split(' ').collect();
        words.windows(5).map(|window| window.join(" ")).collect()
    };
    let (a, b) = (shingles(a), shingles(b));
    a.intersection(&b).count() as f64 / a.union(&b).count().max(1) as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn order_does_not_matter(docs in docs(), seed in any::<u64>()) {
        let before = places(&docs);
        let mut order: Vec<usize> = (0..docs.len()).collect();
        order.sort_by_key(|&at| fineweb_filter::xxh64(&at.to_le_bytes(), seed));
        let shuffled: Vec<Doc> = order.iter().map(|&at| docs[at].clone()).collect();
        let after = places(&shuffled);
        for (new, &old) in order.iter().enumerate() {
            prop_assert_eq!(&shuffled[after[new].keeper].id, &docs[before[old].keeper].id);
            prop_assert_eq!(after[new].size, before[old].size);
            prop_assert_eq!(after[new].reason, before[old].reason);
        }
    }

    #[test]
    fn what_is_kept_is_kept_again(docs in docs()) {
        let places = places(&docs);
        let kept: Vec<Doc> =
            docs.iter().zip(&places).filter(|(_, place)| place.reason.is_none()).map(|(doc, _)| doc.clone()).collect();
        for place in self::places(&kept) {
            prop_assert_eq!(place.reason, None);
            prop_assert_eq!(place.size, 1);
        }
    }

    #[test]
    fn clusters_agree_with_brute_force(docs in docs()) {
        let places = places(&docs);
        for (a, left) in docs.iter().enumerate() {
            for (b, right) in docs.iter().enumerate() {
                let together = places[a].keeper == places[b].keeper;
                if left.signature.is_some() && right.signature.is_some() && jaccard(&left.text, &right.text) > 0.97 {
                    prop_assert!(together, "{left:?} {right:?}");
                }
                if a != b && together {
                    let linked = (0..docs.len()).any(|c| c != a && {
                        docs[c].text == left.text || jaccard(&docs[c].text, &left.text) > 0.15
                    });
                    prop_assert!(linked, "{left:?} is like nothing");
                }
            }
            prop_assert_eq!(places.iter().filter(|place| place.keeper == places[a].keeper).count() as u32, places[a].size);
            prop_assert!(docs[places[a].keeper].text.len() >= left.text.len());
        }
    }
}

/// Where documents end up by way of the disk: in parts of `part` documents, within `memory` bytes.
fn on_disk(docs: &[Doc], part: usize, memory: usize, min_jaccard: f64) -> Vec<(usize, u32)> {
    let folder = tempfile::tempdir().unwrap();
    let minhash = MinHash::new(MinHashSettings::default());
    let mut folders = vec![];
    for (at, some) in docs.chunks(part).enumerate() {
        let path = folder.path().join(format!("part-{at}"));
        let mut writer = PartWriter::create(&path, (at * part) as u32, 14, memory).unwrap();
        for doc in some {
            let shingles = minhash.shingles(&doc.text);
            let Member { id, length, text_key, signature } = doc.member();
            writer
                .push(&Signed { id, length, text_key, address_key: None, signature, shingles: &shingles })
                .unwrap();
        }
        writer.finish().unwrap();
        folders.push(path);
    }
    let parts = Parts::open(folders).unwrap();
    let grouping = Grouping { memory, min_jaccard, gone: None };
    let mut groups = vec![];
    for (at, channel) in Channel::of_texts(14).into_iter().enumerate() {
        let path = folder.path().join(format!("group-{at}"));
        group(&parts, channel, &grouping, &path).unwrap();
        groups.push(path);
    }
    let path = folder.path().join("places");
    resolve(&parts, &groups, &path).unwrap();
    let places = Places::open(&path).unwrap();
    let place = |document| {
        places.get_of(document).unwrap().map_or((document as usize, 1), |p| (p.keeper as usize, p.size))
    };
    let found: Vec<(usize, u32)> = (0..docs.len() as u32).map(place).collect();
    assert_eq!(
        places.of(0..docs.len() as u32).unwrap().len(),
        found.iter().filter(|(_, size)| *size > 1).count()
    );
    found
}

/// What verification promises, pair by pair in memory: (keeper, size) of each document.
fn verified(docs: &[Doc], min_jaccard: f64) -> Vec<(usize, u32)> {
    let better = |a: usize, b: usize| (docs[b].text.len(), &docs[a].id) < (docs[a].text.len(), &docs[b].id);
    let mut cluster: Vec<usize> = (0..docs.len()).collect();
    let mut join = |a: usize, b: usize| {
        let (from, to) = (cluster[a], cluster[b]);
        cluster.iter_mut().filter(|c| **c == from).for_each(|c| *c = to);
    };
    let band = |at: usize, band: usize| docs[at].signature.as_ref().map(|s| s.0[band]);
    for a in 0..docs.len() {
        for b in 0..a {
            if text_key(&docs[a].text) == text_key(&docs[b].text) {
                join(a, b);
            }
        }
        for at in 0..14 {
            let mut rest: Vec<usize> =
                (0..docs.len()).filter(|&b| band(b, at).is_some() && band(b, at) == band(a, at)).collect();
            while let Some(best) = rest.iter().copied().reduce(|x, y| if better(y, x) { y } else { x }) {
                rest.retain(|&other| {
                    let alike = other == best || jaccard(&docs[best].text, &docs[other].text) >= min_jaccard;
                    if alike {
                        join(best, other);
                    }
                    !alike
                });
            }
        }
    }
    (0..docs.len())
        .map(|at| {
            let members: Vec<usize> = (0..docs.len()).filter(|&b| cluster[b] == cluster[at]).collect();
            let keeper = members.iter().copied().reduce(|x, y| if better(y, x) { y } else { x }).unwrap();
            (keeper, members.len() as u32)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn the_disk_finds_what_memory_finds(docs in docs(), part in 1usize..6, memory in 0usize..40_000) {
        let expected: Vec<(usize, u32)> = places(&docs).iter().map(|place| (place.keeper, place.size)).collect();
        prop_assert_eq!(on_disk(&docs, part, memory, 0.0), expected);
    }

    #[test]
    fn verified_clusters_have_only_verified_links(docs in docs(), part in 1usize..6, step in 1u32..10) {
        let min_jaccard = f64::from(step) / 10.0;
        let found = on_disk(&docs, part, 1 << 16, min_jaccard);
        prop_assert_eq!(&found, &verified(&docs, min_jaccard));
        // what is kept is kept again
        let kept: Vec<Doc> = docs.iter().enumerate().filter(|&(at, _)| found[at].0 == at).map(|(_, doc)| doc.clone()).collect();
        prop_assert!(on_disk(&kept, part, 1 << 16, min_jaccard).iter().all(|&(_, size)| size == 1));
    }
}

#[test]
fn runs_that_need_several_passes_are_merged_whole() {
    let docs: Vec<Doc> = (0..60).map(|at| Doc::new(at, word(at % 30) + " is said here once")).collect();
    let found = on_disk(&docs, 3, 1, 0.0);
    for (at, &(keeper, size)) in found.iter().enumerate() {
        assert_eq!((keeper, size), (at % 30, 2), "{at}");
    }
}
