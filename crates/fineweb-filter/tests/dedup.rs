//! Deduplication: FineWeb's numbers, and laws that clustering must keep.

use std::collections::BTreeSet;

use fineweb_filter::Signer;
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
                let text: Vec<String> = words.iter().map(|word| format!("w{}", letters(*word))).collect();
                docs.push(Doc::new(docs.len(), text.join(" ")));
            }
        }
        docs
    })
}

fn letters(mut n: usize) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return word;
        }
    }
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
            prop_assert_eq!(places.iter().filter(|place| place.keeper == left_keeper(&places, a)).count() as u32, places[a].size);
            prop_assert!(docs[places[a].keeper].text.len() >= left.text.len());
        }
    }
}

fn left_keeper(places: &[Place], at: usize) -> usize {
    places[at].keeper
}
