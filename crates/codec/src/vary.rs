//! The same thing seen and heard a little differently, so that few examples teach more (Simard et al. 2003; Ko et al. 2015).

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Image, Media, Owned, Result, Sound};

/// How much pictures and sounds differ at most from what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vary {
    /// A picture moves, as a share of its longer side.
    #[schemars(extend("unit" = "share"))]
    pub shift: f64,
    /// A picture turns.
    #[schemars(extend("unit" = "degrees"))]
    pub turn: f64,
    /// A picture grows or shrinks, along and across apart.
    #[schemars(extend("unit" = "share"))]
    pub stretch: f64,
    /// A sound begins later.
    #[schemars(extend("unit" = "seconds"))]
    pub delay: f64,
    /// A sound goes faster and higher, or slower and lower.
    #[schemars(extend("unit" = "share"))]
    pub speed: f64,
    /// A sound is mixed with white noise, as a share of its mean amplitude.
    #[schemars(extend("unit" = "share"))]
    pub noise: f64,
}

impl Vary {
    /// Refuses more than makes sense.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        let shares = [
            ("shift", self.shift, 0.5),
            ("turn", self.turn, 180.0),
            ("stretch", self.stretch, 0.5),
            ("delay", self.delay, 10.0),
            ("speed", self.speed, 0.5),
            ("noise", self.noise, 1.0),
        ];
        match shares.into_iter().find(|(_, value, most)| !(0.0..=*most).contains(value)) {
            None => Ok(()),
            Some((what, got, _)) => Err(Error::Setting {
                what,
                got: got.to_string(),
                expected: "0 or more, and not more than changes what it is",
            }),
        }
    }

    /// Another version of a picture or a sound: the same for the same seed.
    pub fn version(&self, media: &Media<'_>, seed: u64) -> Owned {
        let mut chance = Chance(ChaCha12Rng::seed_from_u64(seed));
        match media {
            Media::Image(picture) => Owned::Image(self.picture(picture, &mut chance)),
            Media::Sound(sound) => Owned::Sound(self.sound(sound, &mut chance)),
        }
    }

    /// Each pixel is looked up where an affine map about the middle says; beyond the edge lies more of the edge.
    fn picture(&self, picture: &Image, chance: &mut Chance) -> Image {
        let (width, height) = (picture.width(), picture.height());
        let longest = width.max(height) as f64;
        let [right, down] = [chance.within(self.shift) * longest, chance.within(self.shift) * longest];
        let (sin, cos) = libm::sincos(chance.within(self.turn).to_radians());
        let [along, across] = [1.0 + chance.within(self.stretch), 1.0 + chance.within(self.stretch)];
        let (middle_x, middle_y) = ((width as f64 - 1.0) / 2.0, (height as f64 - 1.0) / 2.0);
        let mut pixels = Vec::with_capacity(picture.pixels().len());
        for y in 0..height {
            for x in 0..width {
                let (dx, dy) = (x as f64 - middle_x - right, y as f64 - middle_y - down);
                let from_x = (cos * dx + sin * dy) / along + middle_x;
                let from_y = (cos * dy - sin * dx) / across + middle_y;
                pixels.extend(between(picture, from_x, from_y));
            }
        }
        Image::new(width, height, pixels).expect("as many pixels as before")
    }

    fn sound(&self, sound: &Sound, chance: &mut Chance) -> Sound {
        let samples = sound.samples();
        let silence = (chance.within(self.delay).abs() * f64::from(sound.rate())) as usize;
        let speed = 1.0 + chance.within(self.speed);
        let count = ((samples.len() as f64 / speed) as usize).max(1);
        let mean = samples.iter().map(|sample| f64::from(sample.abs())).sum::<f64>() / samples.len() as f64;
        let loud = mean * chance.within(self.noise).abs();
        let at = |at: usize| {
            let from = at as f64 * speed;
            let (first, share) = ((from as usize).min(samples.len() - 1), from.fract() as f32);
            let next = samples[(first + 1).min(samples.len() - 1)];
            samples[first] + share * (next - samples[first])
        };
        let quiet = std::iter::repeat_n(0.0, silence);
        let noisy = quiet.chain((0..count).map(at)).map(|sample| sample + chance.within(loud) as f32);
        let noisy = noisy.map(|sample| if sample.is_finite() { sample } else { 0.0 });
        Sound::new(sound.rate(), noisy.collect()).expect("finite samples, and one at least")
    }
}

/// The colour between four pixels.
fn between(picture: &Image, x: f64, y: f64) -> [u8; 3] {
    let place = |at: f64, count: usize| {
        let at = at.clamp(0.0, count as f64 - 1.0);
        (at as usize, (at as usize + 1).min(count - 1), at.fract())
    };
    let (left, right, share_x) = place(x, picture.width());
    let (top, bottom, share_y) = place(y, picture.height());
    let value = |x: usize, y: usize, colour: usize| {
        f64::from(picture.pixels()[3 * (y * picture.width() + x) + colour])
    };
    std::array::from_fn(|colour| {
        let row = |y: usize| {
            let (left, right) = (value(left, y, colour), value(right, y, colour));
            left + share_x * (right - left)
        };
        (row(top) + share_y * (row(bottom) - row(top))).round() as u8
    })
}

struct Chance(ChaCha12Rng);

impl Chance {
    /// A number from `-most` to `most`.
    fn within(&mut self, most: f64) -> f64 {
        most * (2.0 * uniform(&mut self.0) - 1.0)
    }
}

/// A number in `[0, 1)`, a multiple of 2⁻⁵³.
pub(crate) fn uniform(random: &mut ChaCha12Rng) -> f64 {
    const STEP: f64 = 1.0 / (1u64 << 53) as f64;
    (random.next_u64() >> 11) as f64 * STEP
}

#[cfg(test)]
mod tests {
    use super::Vary;
    use crate::{Image, Media, Owned, Sound};

    fn picture() -> Image {
        let pixel = |at: usize| [if (at % 8, at / 8) == (4, 4) { 255 } else { 0 }; 3];
        Image::new(8, 8, (0..64).flat_map(pixel).collect()).unwrap()
    }

    #[test]
    fn nothing_to_vary_changes_nothing() {
        let sound = Sound::new(8_000, vec![0.1, -0.2, 0.3]).unwrap();
        for seed in 0..5 {
            assert_eq!(Vary::default().version(&Media::Image(&picture()), seed), Owned::Image(picture()));
            assert_eq!(Vary::default().version(&Media::Sound(&sound), seed), Owned::Sound(sound.clone()));
        }
    }

    #[test]
    fn a_dot_moves_no_farther_than_it_may() {
        let vary = Vary { shift: 0.25, ..Vary::default() };
        let mut places = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let Owned::Image(moved) = vary.version(&Media::Image(&picture()), seed) else { panic!() };
            let brightest = (0..64).max_by_key(|at| moved.pixels()[3 * at]).unwrap();
            places.insert((brightest % 8, brightest / 8));
        }
        assert!(places.len() > 9, "{places:?}");
        assert!(places.iter().all(|(x, y)| (2..=6).contains(x) && (2..=6).contains(y)), "{places:?}");
    }

    #[test]
    fn sounds_last_as_long_as_their_speed_says() {
        let sound = Sound::new(8_000, vec![0.5; 8_000]).unwrap();
        let vary = Vary { speed: 0.2, delay: 0.1, noise: 0.1, ..Vary::default() };
        let version = |seed| match vary.version(&Media::Sound(&sound), seed) {
            Owned::Sound(sound) => sound,
            Owned::Image(_) => panic!("a sound stays one"),
        };
        let lengths: Vec<usize> = (0..100).map(|seed| version(seed).samples().len()).collect();
        assert!(lengths.iter().all(|length| (6_600..=10_900).contains(length)), "{lengths:?}");
        assert!(lengths.iter().any(|length| *length < 7_600) && lengths.iter().any(|length| *length > 9_000));
        assert_eq!(version(3), version(3));
    }

    #[test]
    fn too_much_is_refused() {
        for vary in [
            Vary { shift: 0.6, ..Vary::default() },
            Vary { speed: -0.1, ..Vary::default() },
            Vary { noise: f64::NAN, ..Vary::default() },
        ] {
            assert!(vary.check().is_err());
        }
        assert!(Vary { turn: 10.0, ..Vary::default() }.check().is_ok());
    }
}
