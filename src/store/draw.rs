//! Randomness for item ids and salts, drawn from a seed that chance gave when the store was opened.
//!
//! The seed lives in memory only, so what was drawn cannot be worked out from the database; a run with the same chance
//! draws the same again.

pub struct Draw {
    seed: [u8; 32],
    count: u64,
}

impl Draw {
    pub fn new(chance: &mut dyn FnMut(&mut [u8])) -> Draw {
        let mut seed = [0; 32];
        chance(&mut seed);
        Draw { seed, count: 0 }
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        self.count += 1;
        let mut out = [0; N];
        blake3::Hasher::new_keyed(&self.seed).update(&self.count.to_le_bytes()).finalize_xof().fill(&mut out);
        out
    }
}
