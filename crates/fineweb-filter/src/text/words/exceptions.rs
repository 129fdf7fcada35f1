//! Words that are not split as the rules say: contractions, abbreviations, emoticons; the list is spaCy 3.8's (MIT).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Where a word is cut, in bytes; 0 is no cut.
pub(super) type Cuts = [u8; 2];

/// Bytes of the longest exception.
pub(super) const LONGEST: usize = 32;

/// How `word` is cut, if it is an exception.
pub(super) fn exception(word: &str) -> Option<Cuts> {
    if !may_be_exception(word.as_bytes()) {
        return None;
    }
    TABLE.cuts.get(word).copied()
}

/// A look at length, first and last byte, which spares most words the table.
pub(super) fn may_be_exception(word: &[u8]) -> bool {
    match word {
        [] => false,
        _ if word.len() > LONGEST => false,
        [first, ..] => TABLE.lengths[slot(*first, word[word.len() - 1])] >> (word.len() - 1) & 1 == 1,
    }
}

fn slot(first: u8, last: u8) -> usize {
    (first as usize & 63) << 6 | (last as usize & 63)
}

struct Table {
    cuts: FxHashMap<String, Cuts>,
    /// For each slot, a bit for each length in bytes that an exception has.
    lengths: Box<[u32; 4096]>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { cuts: FxHashMap::default(), lengths: Box::new([0; 4096]) };
    for word in WHOLE.iter().flat_map(|words| words.split(' ')) {
        table.add(word, "");
    }
    for pattern in CUT.iter().flat_map(|patterns| patterns.split(' ')) {
        table.add_cut(pattern);
    }
    for (stems, endings) in FAMILIES {
        for stem in stems.split(' ') {
            for ending in endings.split(' ') {
                let title = format!("{}{}", stem[..1].to_ascii_uppercase(), &stem[1..]);
                for stem in [stem, &title] {
                    table.add_cut(&format!("{stem}{ending}"));
                    table.add_cut(&format!("{stem}{}", ending.replace('\'', "")));
                }
            }
        }
    }
    for hour in 1..=12 {
        for half in ["a.m.", "am", "p.m.", "pm"] {
            table.add_cut(&format!("{hour}|{half}"));
        }
    }
    for letter in ('a'..='z').chain(['ä', 'ö', 'ü']) {
        table.add(&format!("{letter}."), "");
    }
    table
});

impl Table {
    /// Adds a word that is cut where `pattern` has bars.
    fn add_cut(&mut self, pattern: &str) {
        self.add(&pattern.replace('|', ""), pattern);
    }

    /// Adds a word, also with curly apostrophes.
    fn add(&mut self, word: &str, pattern: &str) {
        if NOT.contains(&word) {
            return;
        }
        for apostrophe in ["'", "’"] {
            let (word, pattern) = (word.replace('\'', apostrophe), pattern.replace('\'', apostrophe));
            let mut cuts = Cuts::default();
            for (earlier, (at, _)) in pattern.match_indices('|').enumerate() {
                cuts[earlier] = (at - earlier) as u8;
            }
            let (first, last) = (word.as_bytes()[0], word.as_bytes()[word.len() - 1]);
            self.lengths[slot(first, last)] |= 1 << (word.len() - 1);
            self.cuts.insert(word, cuts);
        }
    }
}

/// Each stem, small or with a capital, with each ending, with or without apostrophes.
const FAMILIES: &[(&str, &str)] = &[
    ("i", "|'m |'m|a"),
    ("i you he she it we they", "|'ll |'ll|'ve |'d |'d|'ve"),
    ("i you we they", "|'ve"),
    ("you we they", "|'re"),
    ("he she it", "|'s"),
    ("who what when where why how there that this these those", "|'ll |'ll|'ve |'d |'d|'ve"),
    ("who what when where why how there that this", "|'s"),
    ("who what when where why how there these those", "|'re |'ve"),
    ("ca could do does did had may might must need ought sha should wo would", "|n't |n't|'ve"),
    ("could might must should would", "|'ve"),
    ("ai are is was were have has dare", "|n't"),
];

/// Members of the families that are common words.
const NOT: &[&str] = &[
    "ill", "Ill", "its", "Its", "hell", "Hell", "shell", "Shell", "shed", "Shed", "were", "Were", "well",
    "Well", "whore", "Whore",
];

const CUT: &[&str] = &[
    "y'|all y|all how|'d|'y How|'d|'y not|'ve not|ve Not|'ve Not|ve can|not Can|not gon|na Gon|na got|ta Got|ta let|'s",
    "Let|'s c'm|on C'm|on °|c|. °|f|. °|k|. °|C|. °|F|. °|K|.",
];

#[rustfmt::skip]
const WHOLE: &[&str] = &[
    r#"\t \n — ' \") <space> '' C++"#,
    // letters left out
    "doin doin' Doin Doin' goin goin' Goin Goin' nothin nothin' Nothin Nothin' nuthin nuthin' Nuthin Nuthin' ol ol' Ol",
    "Ol' somethin somethin' Somethin Somethin' em 'em ll 'll nuff 'nuff 'S 's ‘S ‘s and/or w/o 're 'Cause 'cause 'cos",
    "'Cos 'coz 'Coz 'cuz 'Cuz 'bout ma'am Ma'am o'clock O'clock lovin lovin' Lovin Lovin' havin havin' Havin Havin' 'd",
    // abbreviations
    "Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. Kan.",
    "Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa.",
    "S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E.",
    "Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s.",
    // emoticons
    ":) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-; :( :-( :(( :-((",
    ":((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| ]= =[ :1 :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o",
    ":* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_-",
    "-__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.)",
    "(>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>",
];
