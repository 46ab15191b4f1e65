//! Telling contents apart.
//!
//! Fingerprints are written into run directories, model files and half-done results, as 16 hexadecimal digits, and asked for when these
//! are gone on with. So the digest stays what it is: a cryptographic one in its place would refuse all that is there already, or have
//! to be computed beside it, and would take several times as long over the gigabytes of a table, to no end: nobody is to be kept from
//! making a file of the same fingerprint, only told that a file has changed.

/// A 64-bit digest of bytes and numbers: it tells files that were changed from files that were not, and is no defence against
/// malice.
///
/// Each word is mixed in by a bijection (the finaliser of SplitMix64, Steele, Lea & Flood 2014), so that two inputs that differ
/// in one word never have the same digest.
///
/// ```
/// use fokker::data::Fingerprint;
/// let mut together = Fingerprint::default();
/// together.numbers(&[1.0, 2.0]);
/// let mut apart = Fingerprint::default();
/// apart.numbers(&[1.0]);
/// apart.numbers(&[2.0]);
/// assert_eq!(together.digest(), apart.digest());
/// apart.bytes(b"more");
/// assert_ne!(together.digest(), apart.digest());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    fn word(&mut self, word: u64) {
        let mut state = (self.0 ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = state ^ state >> 31;
    }

    /// Takes in numbers, bit by bit; how they are cut into calls does not matter.
    ///
    /// ```
    /// let mut print = fokker::data::Fingerprint::default();
    /// print.numbers(&[f64::NAN]);
    /// assert_ne!(print, fokker::data::Fingerprint::default());
    /// ```
    pub fn numbers(&mut self, values: &[f64]) {
        values.iter().for_each(|value| self.word(value.to_bits()));
    }

    /// Takes in bytes and their number.
    ///
    /// ```
    /// let digest = |bytes: &[u8]| {
    ///     let mut print = fokker::data::Fingerprint::default();
    ///     print.bytes(bytes);
    ///     print.digest()
    /// };
    /// assert_ne!(digest(b"a"), digest(b"a\0"));
    /// ```
    pub fn bytes(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.word(u64::from_le_bytes(word));
        }
        self.word(bytes.len() as u64);
    }

    /// The digest as 16 hexadecimal digits.
    ///
    /// ```
    /// use fokker::data::Fingerprint;
    /// assert_eq!(Fingerprint::text(255), "00000000000000ff");
    /// assert_eq!(Fingerprint::parse("00000000000000ff"), Some(255));
    /// assert_eq!(Fingerprint::parse("ff"), None);
    /// ```
    #[must_use]
    pub fn text(digest: u64) -> String {
        format!("{digest:016x}")
    }

    /// The digest whose [`text`](Self::text) this is; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<u64> {
        u64::from_str_radix(text, 16).ok().filter(|&digest| Self::text(digest) == text)
    }

    /// The digest of all that was taken in.
    ///
    /// ```
    /// assert_eq!(fokker::data::Fingerprint::default().digest(), 0);
    /// ```
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.0
    }
}
