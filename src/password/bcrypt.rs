//! bcrypt itself, behind one function, with its work counted.

use zeroize::Zeroizing;

use super::Cost;
use crate::limits::PASSWORD_MAX_BYTES;

/// What bcrypt has cost so far, in rounds: a hash of cost c takes 2^c, and each round expands the key twice.
///
/// Counting proves what a clock only suggests: that two refusals take the same time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    rounds: u64,
}

impl Work {
    /// The rounds done.
    #[must_use]
    pub fn rounds(self) -> u64 {
        self.rounds
    }

    /// The 23 bytes that a bcrypt hash stores (the 24th was never kept). `cost` is at most 31.
    pub(super) fn bcrypt(&mut self, cost: u32, salt: [u8; 16], password: &[u8]) -> [u8; 23] {
        // The key is the password up to 72 bytes, with the NUL that ends a C string if there is room for it.
        let mut key = Zeroizing::new([0; PASSWORD_MAX_BYTES]);
        let length = password.len().saturating_add(1).min(PASSWORD_MAX_BYTES);
        for (to, from) in key.iter_mut().zip(password) {
            *to = *from;
        }
        self.rounds = self.rounds.saturating_add(1 << cost);
        let mut hash = [0; 23];
        let output = bcrypt::bcrypt(cost, salt, key.get(..length).unwrap_or_default());
        for (to, from) in hash.iter_mut().zip(output) {
            *to = from;
        }
        hash
    }

    /// Works on until 2^cost rounds are done.
    pub(super) fn top_up(&mut self, password: &[u8], cost: Cost) {
        let goal = 1 << cost.get();
        while self.rounds < goal {
            // After one hash of cost c, those of cost c, c + 1, ... up to the goal's, less one, add up to it exactly.
            let next = if self.rounds == 0 { cost.get() } else { self.rounds.trailing_zeros() };
            // The result is of no use, and must be worked out all the same.
            std::hint::black_box(self.bcrypt(next, [0; 16], password));
        }
    }
}
