//! Little-endian numbers out of bytes that may end anywhere.

/// What is left to read.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

pub(super) type Parsed<T> = Result<T, String>;

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize, what: &str) -> Parsed<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| format!("it ends within {what}"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Parsed<[u8; N]> {
        Ok(self.take(N, what)?.try_into().expect("as many as taken"))
    }

    pub(super) fn u8(&mut self, what: &str) -> Parsed<u8> {
        Ok(self.array::<1>(what)?[0])
    }

    pub(super) fn flag(&mut self, what: &str) -> Parsed<bool> {
        match self.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{what} is {other}; expected 0 or 1")),
        }
    }

    pub(super) fn i32(&mut self, what: &str) -> Parsed<i32> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn i64(&mut self, what: &str) -> Parsed<i64> {
        Ok(i64::from_le_bytes(self.array(what)?))
    }

    /// A number that counts something, from `least` to `most`.
    pub(super) fn count(&mut self, what: &str, least: usize, most: usize) -> Parsed<usize> {
        let got = self.i32(what)?;
        within(i64::from(got), what, least, most)
    }

    /// The same, written in eight bytes.
    pub(super) fn long_count(&mut self, what: &str, least: usize, most: usize) -> Parsed<usize> {
        let got = self.i64(what)?;
        within(got, what, least, most)
    }

    /// Finite numbers, as many as there must be.
    pub(super) fn floats(&mut self, count: usize, what: &str) -> Parsed<Vec<f32>> {
        let bytes = count.checked_mul(4).ok_or_else(|| format!("{what} is too large"))?;
        let floats = self.take(bytes, what)?.chunks_exact(4);
        let floats: Vec<f32> =
            floats.map(|four| f32::from_le_bytes(four.try_into().expect("chunks of four"))).collect();
        if floats.iter().any(|x| !x.is_finite()) {
            return Err(format!("{what} holds a number that is not finite"));
        }
        Ok(floats)
    }

    /// Bytes up to a zero, which is taken too.
    pub(super) fn text(&mut self, what: &str) -> Parsed<&'a [u8]> {
        let end = memchr::memchr(0, self.0).ok_or_else(|| format!("it ends within {what}"))?;
        let text = self.take(end, what)?;
        self.take(1, what)?;
        Ok(text)
    }
}

fn within(got: i64, what: &str, least: usize, most: usize) -> Parsed<usize> {
    let count = usize::try_from(got).ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("{what} is {got}; expected {least} to {most}"))
}
