//! The codecs of a model: what comes back from ids, from the file, and from a damaged file.
#![allow(clippy::unwrap_used)] // helpers of tests are tests

use codec::{
    Codec, Codecs, Error, Grid, Image, KMeans, Media, MelCodec, Owned, PatchCodec, Quantiser, Sound, Strip,
};
use proptest::prelude::*;

fn picture(seed: u64) -> Image {
    let value = |at: u64| (at.wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8 / 64 * 64;
    Image::new(32, 32, (0..3072).map(|at| value(at / 24)).collect()).unwrap()
}

fn tone(hertz: f32) -> Sound {
    let sample = |at: u32| 0.5 * (at as f32 * hertz * std::f32::consts::TAU / 8_000.0).sin();
    Sound::new(8_000, (0..6_000).map(sample).collect()).unwrap()
}

/// Image codes from 300 on, then sound codes; two levels each.
fn codecs() -> Codecs {
    let settings = KMeans { codes: 16, ..KMeans::default() };
    let (grid, strip) = (Grid::default(), Strip::default());
    let patches: Vec<f32> = (0..4).flat_map(|seed| grid.patches(&picture(seed))).collect();
    let stacks: Vec<f32> =
        [200.0, 440.0, 900.0].into_iter().flat_map(|hertz| strip.stacks(&tone(hertz)).unwrap()).collect();
    let image =
        PatchCodec::new(grid, Quantiser::learn(grid.dim(), &patches, 2, &settings).unwrap(), 300).unwrap();
    let first = image.ids().end;
    let sound =
        MelCodec::new(strip.clone(), Quantiser::learn(strip.dim(), &stacks, 2, &settings).unwrap(), first)
            .unwrap();
    Codecs { image: Some(image), sound: Some(sound) }
}

#[test]
fn ids_say_themselves_what_they_are() {
    let codecs = codecs();
    assert_eq!(codecs.names().len(), 64);
    assert_eq!((codecs.names()[31].as_str(), codecs.names()[32].as_str()), ("<|image_31|>", "<|audio_0|>"));
    let encode = |media: &Media<'_>| {
        let mut ids = vec![];
        codecs.encode(media, &mut ids).unwrap();
        ids
    };
    let seen = encode(&Media::Image(&picture(1)));
    assert_eq!(seen.len(), 128);
    assert!(seen.iter().all(|id| (300..332).contains(id)));
    assert!(
        matches!(codecs.decode(&seen).unwrap(), Owned::Image(image) if (image.width(), image.height()) == (32, 32))
    );
    let heard = encode(&Media::Sound(&tone(440.0)));
    assert!(heard.iter().all(|id| (332..364).contains(id)));
    let Owned::Sound(sound) = codecs.decode(&heard).unwrap() else { panic!("a sound stays one") };
    assert!((sound.seconds() - 0.75).abs() < 0.05, "{}", sound.seconds());
    // what comes back is what would be encoded again, nearly: the loudest band stays
    let loudest = |sound: &Sound| {
        let frames = Strip::default().mel.frames(sound).unwrap();
        let frame = &frames.values[20 * frames.bands..21 * frames.bands];
        (0..frames.bands).max_by(|a, b| frame[*a].total_cmp(&frame[*b])).unwrap()
    };
    assert_eq!(loudest(&sound), loudest(&tone(440.0)));
}

#[test]
fn what_a_model_lacks_it_refuses() {
    let Codecs { image, sound } = codecs();
    let (blind, deaf) = (Codecs { image: None, sound }, Codecs { image, sound: None });
    let refused = |result: codec::Result<()>| matches!(result, Err(Error::WrongKind { .. }));
    assert!(refused(blind.encode(&Media::Image(&picture(1)), &mut vec![])));
    assert!(refused(deaf.encode(&Media::Sound(&tone(440.0)), &mut vec![])));
    assert!(blind.decode(&[300; 128]).is_err() && deaf.decode(&[340; 8]).is_err());
    assert!(Codecs::default().decode(&[1]).is_err() && codecs().decode(&[]).is_err());
    let long = Sound::new(8_000, vec![0.1; 8_000 * 11]).unwrap();
    let said = codecs().encode(&Media::Sound(&long), &mut vec![]).unwrap_err().to_string();
    assert_eq!(said, "milliseconds of a sound: 11000, and 10000 at most");
}

#[test]
fn a_file_keeps_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Codecs::load(folder.path()).unwrap(), None);
    codecs().save(folder.path()).unwrap();
    assert_eq!(Codecs::load(folder.path()).unwrap(), Some(codecs()));
    assert_eq!(codecs().to_bytes().unwrap(), codecs().to_bytes().unwrap());
    let lone = Codecs { sound: None, ..codecs() };
    assert_eq!(Codecs::from_bytes(&lone.to_bytes().unwrap()).unwrap(), lone);
}

proptest! {
    #[test]
    fn damage_is_an_error_or_other_codes(cut in 0.0..1.0_f64, flips in prop::collection::vec((0.0..1.0_f64, 1..=255_u8), 0..4)) {
        let mut bytes = codecs_file().clone();
        for (at, bits) in flips {
            let at = (at * bytes.len().min(2_000) as f64) as usize;
            bytes[at] ^= bits;
        }
        if cut < 0.3 {
            bytes.truncate((cut * bytes.len() as f64) as usize);
        }
        if let Ok(read) = Codecs::from_bytes(&bytes) {
            let mut ids = vec![];
            let _ = read.encode(&Media::Image(&picture(2)), &mut ids);
            let _ = read.decode(&ids);
        }
    }
}

fn codecs_file() -> &'static Vec<u8> {
    static FILE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    FILE.get_or_init(|| codecs().to_bytes().unwrap())
}
