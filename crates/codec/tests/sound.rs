//! Frames of sounds, and sounds of frames.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod signals;

use std::f64::consts::PI;

use codec::{Error, Mel, Sound, Spectrogram};
use proptest::prelude::*;
use serde_json::Value;
use signals::{chirp, noise, signal, vowel};

/// A sine of a frequency in Hz.
fn sine(rate: u32, hertz: f64, seconds: f64) -> Sound {
    let step = 2.0 * PI * hertz / f64::from(rate);
    let count = (seconds * f64::from(rate)) as usize;
    Sound::new(rate, (0..count).map(|at| (step * at as f64).sin() as f32).collect()).unwrap()
}

fn mean_distance(a: &Spectrogram, b: &Spectrogram) -> f32 {
    assert_eq!(a.values.len(), b.values.len());
    a.values.iter().zip(&b.values).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.values.len() as f32
}

/// The band that is loudest in the middle.
fn loudest_band(frames: &Spectrogram) -> usize {
    let count = frames.values.len() / frames.bands;
    let frame = &frames.values[count / 2 * frames.bands..][..frames.bands];
    (0..frames.bands).max_by(|&a, &b| frame[a].total_cmp(&frame[b])).unwrap()
}

/// `bench/codec/frames.py` has made the numbers.
#[test]
fn frames_are_those_of_librosa() {
    let numbers: Value = serde_json::from_str(include_str!("numbers.json")).unwrap();
    let mut farthest = 0.0_f64;
    for case in numbers["frames"].as_array().unwrap() {
        let mel: Mel = serde_json::from_value(case["settings"].clone()).unwrap();
        let name = case["signal"].as_str().unwrap();
        let wave = signal(name, mel.rate, case["samples"].as_u64().unwrap() as usize);
        let frames = mel.frames(&Sound::new(mel.rate, wave).unwrap()).unwrap();
        assert_eq!(frames.values.len() as u64, case["frames"].as_u64().unwrap() * mel.bands as u64);
        for (at, values) in case["at"].as_array().unwrap().iter().zip(case["values"].as_array().unwrap()) {
            let ours = &frames.values[at.as_u64().unwrap() as usize * mel.bands..][..mel.bands];
            for (ours, theirs) in ours.iter().zip(values.as_array().unwrap()) {
                let far = (f64::from(*ours) - theirs.as_f64().unwrap()).abs();
                assert!(far < 1e-3, "{name} {mel:?}: {ours} instead of {theirs}");
                farthest = farthest.max(far);
            }
        }
    }
    assert!(farthest > 0.0, "there were numbers, and they are rounded");
}

#[test]
fn a_sine_is_loudest_in_the_band_of_its_frequency() {
    // edges of the bands, by the published formula
    let hertz = |mels: f64| {
        if mels < 15.0 { mels * 200.0 / 3.0 } else { 1_000.0 * ((mels - 15.0) / 27.0 * 6.4_f64.ln()).exp() }
    };
    let top = 15.0 + 27.0 * 4.0_f64.ln() / 6.4_f64.ln();
    for band in 1..40 {
        let middle = hertz(top * (band + 1) as f64 / 41.0);
        for rate in [8_000, 11_025, 16_000, 44_100, 48_000] {
            let frames = Mel::default().frames(&sine(rate, middle, 0.3)).unwrap();
            assert_eq!(loudest_band(&frames), band, "{middle} Hz at {rate}");
        }
    }
}

#[test]
fn frames_do_not_depend_on_the_rate_or_on_loudness() {
    let frames = |rate: u32, loud: f32| {
        let wave = vowel(rate, rate as usize / 2).into_iter().map(|sample| loud * sample).collect();
        Mel::default().frames(&Sound::new(rate, wave).unwrap()).unwrap()
    };
    let plain = frames(8_000, 1.0);
    assert_eq!(frames(8_000, 0.25), plain);
    assert!(mean_distance(&frames(8_000, 1e-3), &plain) < 1e-5);
    for rate in [9_600, 16_000, 22_050, 44_100, 47_999, 96_000] {
        // the first and the last window see less where silence begins at another place
        assert!(mean_distance(&frames(rate, 1.0), &plain) < 0.01, "{rate}");
    }
}

#[test]
fn silence_has_silent_frames_and_they_are_silence() {
    let silence = Sound::new(8_000, vec![0.0; 1_000]).unwrap();
    let frames = Mel::default().frames(&silence).unwrap();
    assert_eq!(frames.values, vec![0.0; 8 * 40]);
    let sound = Mel::default().sound(&frames, 10).unwrap();
    assert!(sound.samples().iter().all(|sample| *sample == 0.0));
    // what nobody can hear at this rate is silence too
    let whistle = Mel::default().frames(&sine(48_000, 9_000.0, 0.5)).unwrap();
    let middle = &whistle.values[40 * 4..40 * 20];
    assert!(middle.iter().all(|value| *value < 0.1), "{middle:?}");
}

#[test]
fn a_sound_of_frames_has_these_frames() {
    let mel = Mel::default();
    for (name, bound) in [("chirp", 0.02), ("vowel", 0.02), ("noise", 0.06)] {
        let frames = mel.frames(&Sound::new(8_000, signal(name, 8_000, 8_000)).unwrap()).unwrap();
        let far = [0, 8, 60].map(|rounds| {
            let sound = mel.sound(&frames, rounds).unwrap();
            let peak = sound.samples().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!((peak - 0.5).abs() < 1e-6);
            mean_distance(&mel.frames(&sound).unwrap(), &frames)
        });
        assert!(far[1] < far[0] && far[2] < far[1] && far[2] < bound, "{name}: {far:?}");
    }
}

#[test]
fn as_many_frames_come_back_as_went_in() {
    for mel in [
        Mel::default(),
        Mel { window: 16, hop: 2, bands: 3, ..Mel::default() },
        Mel { window: 64, hop: 7, bands: 8, ..Mel::default() },
    ] {
        for count in 1..6 {
            let frames = Spectrogram { bands: mel.bands, values: vec![0.7; count * mel.bands] };
            let sound = mel.sound(&frames, 3).unwrap();
            assert_eq!(mel.frames(&sound).unwrap().values.len(), frames.values.len(), "{count} of {mel:?}");
        }
    }
}

#[test]
fn settings_without_sense_are_named() {
    let mel = Mel::default();
    for (wrong, message) in [
        (Mel { rate: 0, ..mel.clone() }, "a sampling rate of 0 Hz: expected 1000 to 384000 Hz"),
        (
            Mel { window: 15, ..mel.clone() },
            "a window of 15: expected an even number of samples, 16 to 65,536",
        ),
        (Mel { hop: 1, ..mel.clone() }, "a hop of 1: expected 2 samples to half of the window"),
        (Mel { hop: 129, ..mel.clone() }, "a hop of 129: expected 2 samples to half of the window"),
        (Mel { range: f32::NAN, ..mel.clone() }, "a range of NaN: expected 1 to 200 dB"),
        (
            Mel { bands: 90, rate: 48_000, ..mel.clone() },
            "bands of 90: expected 1 and more, and fewer where a band would lie between two bins of the window",
        ),
    ] {
        assert_eq!(wrong.check().unwrap_err().to_string(), message);
        let sound = sine(8_000, 440.0, 0.1);
        assert_eq!(wrong.frames(&sound).unwrap_err().to_string(), message);
        let frames = Spectrogram { bands: wrong.bands, values: vec![0.0; wrong.bands] };
        assert_eq!(wrong.sound(&frames, 1).unwrap_err().to_string(), message);
    }
    for frames in [
        Spectrogram { bands: 39, values: vec![0.0; 39] },
        Spectrogram { bands: 40, values: vec![] },
        Spectrogram { bands: 40, values: vec![0.0; 41] },
    ] {
        assert!(matches!(mel.sound(&frames, 1), Err(Error::Setting { .. })));
    }
    let frames = Spectrogram { bands: 40, values: vec![f32::NAN; 40] };
    assert!(matches!(mel.sound(&frames, 1), Err(Error::Sample { at: 0, .. })));
}

#[test]
fn threads_change_nothing() {
    let mels = [Mel::default(), Mel { window: 512, bands: 64, ..Mel::default() }];
    let sounds = [chirp(8_000, 4_000), vowel(8_000, 3_000), noise(2_000)];
    let all = || -> Vec<Spectrogram> {
        let each =
            |mel: &Mel| sounds.clone().map(|wave| mel.frames(&Sound::new(8_000, wave).unwrap()).unwrap());
        mels.iter().flat_map(each).collect()
    };
    let here = all();
    let there: Vec<_> =
        std::thread::scope(|scope| [(); 4].map(|()| scope.spawn(all)).map(|thread| thread.join().unwrap()))
            .into();
    assert!(there.iter().all(|frames| *frames == here));
}

fn any_mel() -> impl Strategy<Value = Mel> {
    let sizes =
        (8_usize..300, 1_usize..40).prop_flat_map(|(half, bands)| (Just(half), 2..=half, Just(bands)));
    (1_000_u32..50_000, sizes, 1.0_f32..200.0).prop_map(|(rate, (half, hop, bands), range)| Mel {
        rate,
        window: 2 * half,
        hop,
        bands,
        range,
    })
}

fn any_sample() -> impl Strategy<Value = f32> {
    let extreme = [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 0.0, -0.0];
    prop_oneof![8 => -1.0_f32..1.0, 1 => prop::sample::select(extreme.to_vec())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_sound_has_frames_from_0_to_1(
        rate in Sound::RATES,
        samples in prop::collection::vec(any_sample(), 1..2_000),
    ) {
        let frames = Mel::default().frames(&Sound::new(rate, samples).unwrap()).unwrap();
        prop_assert!(!frames.values.is_empty());
        prop_assert!(frames.values.iter().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn any_settings_are_refused_or_do(
        mel in any_mel(),
        samples in prop::collection::vec(any_sample(), 1..500),
        rate in 1_000_u32..100_000,
    ) {
        let sound = Sound::new(rate, samples).unwrap();
        match mel.check() {
            Err(_) => prop_assert!(mel.frames(&sound).is_err()),
            Ok(()) => {
                let frames = mel.frames(&sound).unwrap();
                prop_assert!(frames.values.iter().all(|value| (0.0..=1.0).contains(value)));
                let again = mel.frames(&mel.sound(&frames, 3).unwrap()).unwrap();
                prop_assert_eq!(again.values.len(), frames.values.len());
            }
        }
    }

    #[test]
    fn any_frames_have_a_sound(values in prop::collection::vec(prop_oneof![-1.0_f32..2.0, any_sample()], 1..10)) {
        let mel = Mel { bands: 1, ..Mel::default() };
        let sound = mel.sound(&Spectrogram { bands: 1, values }, 5).unwrap();
        prop_assert!(sound.samples().iter().all(|sample| sample.abs() <= 0.5));
    }
}
