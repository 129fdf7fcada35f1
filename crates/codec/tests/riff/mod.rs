//! WAV files written by hand, true and false ones.

/// What a file says of itself, and what it holds.
pub(crate) struct Riff {
    /// 1 for whole numbers, 3 for floats.
    pub(crate) format: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) bits: u16,
    /// Whether the format is told at length.
    pub(crate) extensible: bool,
    /// Chunks between the format and the data.
    pub(crate) before: Vec<u8>,
    pub(crate) data: Vec<u8>,
    /// How many bytes of data it promises, where that is a lie.
    pub(crate) promised: Option<u32>,
}

impl Riff {
    pub(crate) fn int(bits: u16, channels: u16, data: &[u8]) -> Self {
        let (before, data) = (vec![], data.to_vec());
        Self { format: 1, channels, rate: 8_000, bits, extensible: false, before, data, promised: None }
    }

    pub(crate) fn float(channels: u16, samples: &[f32]) -> Self {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        Self { format: 3, ..Self::int(32, channels, &data) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let block = self.channels.wrapping_mul(self.bits.div_ceil(8));
        let mut format = vec![];
        format.extend(if self.extensible { 0xfffe } else { self.format }.to_le_bytes());
        format.extend(self.channels.to_le_bytes());
        format.extend(self.rate.to_le_bytes());
        format.extend(self.rate.wrapping_mul(u32::from(block)).to_le_bytes());
        format.extend(block.to_le_bytes());
        format.extend(self.bits.to_le_bytes());
        if self.extensible {
            format.extend([22, 0]);
            format.extend(self.bits.to_le_bytes());
            format.extend([0; 4]);
            format.extend(self.format.to_le_bytes());
            format.extend(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
        }
        let promised = self.promised.unwrap_or(self.data.len() as u32).to_le_bytes();
        let body = [
            b"WAVEfmt ",
            &(format.len() as u32).to_le_bytes()[..],
            &format,
            &self.before,
            b"data",
            &promised,
            &self.data,
        ]
        .concat();
        [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
    }
}
