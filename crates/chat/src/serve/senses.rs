//! What a model sees and hears with: files of requests to the ids that it reads, and ids that it wrote to files.

use std::borrow::Cow;
use std::ops::Range;

use axum::http::StatusCode;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use codec::files::{self, Bounds};
use codec::{Codec, Codecs, Media, Owned};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sft::Template;

use super::{Answer, Card, Refusal};

/// What a small file may promise: pixels of a picture; samples of a minute in two channels.
const BOUNDS: Bounds = Bounds { pixels: 1 << 22, samples: 60 * 2 * 48_000 };
/// The longest sound.
const SECONDS: f64 = 60.0;

/// Base64 of clients that leave out its last signs, too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A picture or a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A picture.
    Image,
    /// A sound.
    Audio,
}

/// What a model can write besides words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sense {
    pub(crate) kind: Kind,
    /// The tokens around its codes.
    pub(crate) around: (u32, u32),
    /// The ids of its codes.
    pub(crate) codes: Range<u32>,
}

/// Codes between two marks, as a model wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) kind: Kind,
    pub(crate) ids: Vec<u32>,
    /// Whether the mark behind them came.
    pub(crate) ended: bool,
}

/// A picture that a model drew, or a sound that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Medium {
    /// What it is.
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// A PNG or a WAV, as a `data:` URL; none where its ids make nothing whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The codes that the model wrote.
    pub(crate) ids: Vec<u32>,
    /// What is wrong with it; none where it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

/// The senses of a model that speaks by `template`.
pub(crate) fn of(card: &Card, template: Option<&dyn Template>) -> Vec<Sense> {
    let (Some(codecs), Some(tokens)) = (&card.codecs, template.and_then(Template::media_tokens)) else {
        return vec![];
    };
    let image = codecs.image.as_ref().map(|codec| (Kind::Image, tokens.image, codec.ids()));
    let audio = codecs.sound.as_ref().map(|codec| (Kind::Audio, tokens.audio, codec.ids()));
    let sense = |(kind, around, codes)| Sense { kind, around, codes };
    image.into_iter().chain(audio).map(sense).collect()
}

impl Medium {
    /// What codes stand for, as clients are told it.
    pub(crate) fn of(card: &Card, written: Written) -> Self {
        let Written { kind, ids, ended } = written;
        let whole = codecs(card, kind).map_err(|refusal| refusal.message).and_then(|codecs| {
            codecs.decode(&ids).and_then(|owned| url(&owned)).map_err(|error| error.to_string())
        });
        let (url, error) = match whole {
            Ok(url) => (Some(url), None),
            Err(problem) => (None, Some(problem)),
        };
        let broke_off = (!ended).then(|| match ids.len() {
            1 => "it broke off behind 1 code".to_owned(),
            codes => format!("it broke off behind {codes} codes"),
        });
        let error = match (broke_off, error) {
            (Some(broke_off), Some(error)) => Some(format!("{broke_off}: {error}")),
            (broke_off, error) => broke_off.or(error),
        };
        Self { kind, url, ids, error }
    }
}

/// A file of a picture or a sound, as a `data:` URL.
pub(crate) fn url(owned: &Owned) -> codec::Result<String> {
    Ok(match owned {
        Owned::Image(image) => data("image/png", &files::write_png(image)?),
        Owned::Sound(sound) => data("audio/wav", &files::write_wav(sound)?),
    })
}

/// A file of either kind as it is, as a `data:` URL.
pub(crate) fn file_url(bytes: &[u8]) -> (Kind, String) {
    match bytes {
        [b'R', b'I', b'F', b'F', ..] => (Kind::Audio, data("audio/wav", bytes)),
        [0xff, 0xd8, ..] => (Kind::Image, data("image/jpeg", bytes)),
        _ => (Kind::Image, data("image/png", bytes)),
    }
}

fn data(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", BASE64_STANDARD.encode(bytes))
}

/// A picture or a sound of a file; the field `param` of a request has it.
pub(crate) fn open(kind: Kind, bytes: &[u8], param: &str) -> Answer<Owned> {
    let refuse = |error| refused(error, param.to_owned());
    match kind {
        Kind::Image => files::read_image(bytes, &BOUNDS).map(Owned::Image).map_err(refuse),
        Kind::Audio => {
            let sound = files::read_wav(bytes, &BOUNDS).map_err(refuse)?;
            if sound.seconds() > SECONDS {
                let message = format!("a sound of {:.1} seconds, and {SECONDS} at most", sound.seconds());
                return Err(Refusal {
                    code: Some("media_too_large"),
                    ..Refusal::invalid(param.to_owned(), message)
                });
            }
            Ok(Owned::Sound(sound))
        }
    }
}

/// The codecs of a model that has one of this kind.
pub(crate) fn codecs(card: &Card, kind: Kind) -> Answer<&Codecs> {
    let has = |codecs: &&Codecs| match kind {
        Kind::Image => codecs.image.is_some(),
        Kind::Audio => codecs.sound.is_some(),
    };
    card.codecs.as_deref().filter(has).ok_or_else(|| {
        let (does, what) = match kind {
            Kind::Image => ("see", "pictures"),
            Kind::Audio => ("hear", "sounds"),
        };
        let message = format!("the model `{}` does not {does}: it has no codec for {what}", card.id);
        Refusal { code: Some("no_codec"), ..Refusal::invalid("model", message) }
    })
}

/// What is wrong with a file or with ids that came in the field `param`.
pub(crate) fn refused(error: codec::Error, param: impl Into<Cow<'static, str>>) -> Refusal {
    let code = match error {
        codec::Error::Codebooks { .. } | codec::Error::File { .. } | codec::Error::Setting { .. } => {
            return Refusal::fault(error);
        }
        codec::Error::TooLarge { .. } => "media_too_large",
        codec::Error::Unreadable { .. } => "unreadable_media",
        _ => "invalid_value",
    };
    Refusal { code: Some(code), ..Refusal::invalid(param, error.to_string()) }
}

/// Pictures and sounds of one request, on their way to a model.
pub(crate) struct Intake<'a> {
    card: &'a Card,
    /// Bytes of a file, at most.
    most: usize,
    /// Ids for which there is room.
    room: usize,
}

impl<'a> Intake<'a> {
    /// For a model, and files of at most so many bytes.
    pub(crate) fn new(card: &'a Card, most: usize) -> Self {
        Self { card, most, room: card.config.context }
    }

    /// The ids of a picture in a `data:` URL; nothing is fetched.
    pub(crate) fn image(&mut self, url: &str, param: &str) -> Answer<Vec<u32>> {
        // before anything else is wrong with it
        self.codecs(Kind::Image, param)?;
        let text = of_image(url).map_err(|message| Refusal::invalid(param.to_owned(), message))?;
        self.file(Kind::Image, text, param)
    }

    /// The ids of a sound in base64.
    pub(crate) fn audio(&mut self, text: &str, format: &str, param: &str) -> Answer<Vec<u32>> {
        self.codecs(Kind::Audio, param)?;
        if !format.eq_ignore_ascii_case("wav") {
            let message = format!("sounds of the format `wav` are heard, got `{format}`");
            return Err(Refusal::invalid(format!("{param}.format"), message));
        }
        self.file(Kind::Audio, text, &format!("{param}.data"))
    }

    /// Ids that a model wrote before.
    pub(crate) fn codes(&mut self, kind: Kind, ids: &[u32], param: &str) -> Answer<Vec<u32>> {
        let codecs = self.codecs(kind, param)?;
        let band = match kind {
            Kind::Image => codecs.image.as_ref().map(codec::PatchCodec::ids),
            Kind::Audio => codecs.sound.as_ref().map(codec::MelCodec::ids),
        };
        let band = band.unwrap_or_default();
        // nobody spells a special token of another sort this way
        if let Some(id) = ids.iter().find(|id| !band.contains(id)) {
            let message = match band.clone().max() {
                Some(last) => format!("{id} is none of the codes {} to {last}", band.start),
                None => format!("{id} is no code: this model has none"),
            };
            return Err(Refusal::invalid(param.to_owned(), message));
        }
        self.take(ids.len())?;
        Ok(ids.to_vec())
    }

    fn codecs(&self, kind: Kind, param: &str) -> Answer<&'a Codecs> {
        codecs(self.card, kind).map_err(|refusal| Refusal { param: Some(param.to_owned().into()), ..refusal })
    }

    fn file(&mut self, kind: Kind, text: &str, param: &str) -> Answer<Vec<u32>> {
        if text.len() / 4 * 3 > self.most {
            let message = format!("a picture or a sound has {} bytes at most", self.most);
            let refusal = Refusal::of(StatusCode::PAYLOAD_TOO_LARGE, message);
            let param = Some(param.to_owned().into());
            return Err(Refusal { param, code: Some("media_too_large"), ..refusal });
        }
        let bytes = BASE64
            .decode(text)
            .map_err(|error| Refusal::invalid(param.to_owned(), format!("this is no base64: {error}")))?;
        let owned = open(kind, &bytes, param)?;
        let ids = encoded(self.card, kind, owned.media(), param)?;
        self.take(ids.len())?;
        Ok(ids)
    }

    /// Refuses what no model reads, before more of it is looked at.
    fn take(&mut self, ids: usize) -> Answer<()> {
        let context = self.card.config.context;
        self.room = self.room.checked_sub(ids).ok_or_else(|| {
            Refusal::too_long(format!(
                "pictures and sounds of more tokens than the {context} that the model reads"
            ))
        })?;
        Ok(())
    }
}

/// The ids of a picture or a sound.
pub(crate) fn encoded(card: &Card, kind: Kind, media: Media<'_>, param: &str) -> Answer<Vec<u32>> {
    let mut ids = vec![];
    let encoded = codecs(card, kind)?.encode(&media, &mut ids);
    encoded.map_err(|error| refused(error, param.to_owned()))?;
    Ok(ids)
}

/// The base64 of a picture in a URL.
fn of_image(url: &str) -> Result<&str, String> {
    let expected = "expected the picture itself, as data:image/png;base64,… or data:image/jpeg;base64,…";
    let scheme = url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let Some(scheme) = scheme else {
        let begin: String = url.chars().take(40).collect();
        return Err(format!("this server fetches nothing, got `{begin}`: {expected}"));
    };
    let Some((kind, text)) = url[scheme.len()..].split_once(',') else {
        return Err(format!("a data: URL without a comma: {expected}"));
    };
    let mut words = kind.split(';').map(str::trim);
    let sort = words.next().unwrap_or_default().to_ascii_lowercase();
    if !["image/png", "image/jpeg", "image/jpg"].contains(&sort.as_str()) {
        let sort: String = sort.chars().take(40).collect();
        return Err(format!("pictures of the type `{sort}` are not seen: {expected}"));
    }
    match words.next_back() {
        Some(last) if last.eq_ignore_ascii_case("base64") => Ok(text),
        _ => Err(format!("a data: URL that is no base64: {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::of_image;

    #[test]
    fn only_pictures_that_are_there_are_taken() {
        assert_eq!(of_image("data:image/png;base64,AAAA"), Ok("AAAA"));
        assert_eq!(of_image("DATA:image/JPEG;charset=x;BASE64,"), Ok(""));
        for (url, told) in [
            ("http://evil.example/a.png", "fetches nothing, got `http://evil.example/a.png`"),
            ("file:///etc/passwd", "fetches nothing"),
            ("", "fetches nothing"),
            ("dätä:", "fetches nothing"),
            ("data:image/png;base64", "without a comma"),
            ("data:image/png,AAAA", "no base64"),
            ("data:image/webp;base64,AAAA", "`image/webp`"),
            ("data:,AAAA", "the type `` are not seen"),
        ] {
            assert!(of_image(url).is_err_and(|message| message.contains(told)), "{url}");
        }
    }
}
