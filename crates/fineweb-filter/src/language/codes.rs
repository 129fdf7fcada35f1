//! Names of languages.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// ISO 639-1 of an ISO 639-3 code; the code itself where there is none.
#[rustfmt::skip]
pub(super) fn short_code(code: &str) -> &str {
    match code {
        "afr" => "af", "aka" => "ak", "amh" => "am", "ara" => "ar", "aze" => "az", "bel" => "be", "ben" => "bn",
        "bul" => "bg", "cat" => "ca", "ces" => "cs", "cmn" => "zh", "cym" => "cy", "dan" => "da", "deu" => "de",
        "ell" => "el", "eng" => "en", "epo" => "eo", "est" => "et", "fin" => "fi", "fra" => "fr", "guj" => "gu",
        "heb" => "he", "hin" => "hi", "hrv" => "hr", "hun" => "hu", "hye" => "hy", "ind" => "id", "ita" => "it",
        "jav" => "jv", "jpn" => "ja", "kan" => "kn", "kat" => "ka", "khm" => "km", "kor" => "ko", "lat" => "la",
        "lav" => "lv", "lit" => "lt", "mal" => "ml", "mar" => "mr", "mkd" => "mk", "mya" => "my", "nep" => "ne",
        "nld" => "nl", "nob" => "nb", "ori" => "or", "pan" => "pa", "pes" => "fa", "pol" => "pl", "por" => "pt",
        "ron" => "ro", "rus" => "ru", "sin" => "si", "slk" => "sk", "slv" => "sl", "sna" => "sn", "spa" => "es",
        "srp" => "sr", "swe" => "sv", "tam" => "ta", "tel" => "te", "tgl" => "tl", "tha" => "th", "tuk" => "tk",
        "tur" => "tr", "ukr" => "uk", "urd" => "ur", "uzb" => "uz", "vie" => "vi", "yid" => "yi", "zul" => "zu",
        other => other,
    }
}

/// The same name for as long as the program runs: languages of models are few, and named in every document.
pub(super) fn lasting(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let lasting: &'static str = Box::leak(name.into());
    names.insert(lasting);
    lasting
}
