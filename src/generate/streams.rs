//! Random numbers: one stream a customer and purpose, so that neither the number of threads nor the order of work can
//! change a draw, and a new purpose leaves all others as they were.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What the numbers are drawn for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Who the customer is.
    Profile = 0,
    /// When they order, and when they leave.
    Life = 1,
    /// What they order.
    Baskets = 2,
    /// Their contacts.
    Service = 3,
    /// Campaigns and consents.
    Campaigns = 4,
    /// Shoppers and callers without a number.
    Anonymous = 5,
    /// The catalogue and the rates; the subject is 0.
    Shop = 6,
    /// The place of a fault; the subject is its number.
    Dirt = 7,
    /// Their contracts.
    Contracts = 8,
    /// Their page events.
    Clicks = 9,
}

/// All streams of one seed.
pub(super) struct Streams(ChaCha8Rng);

impl Streams {
    /// The streams of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Streams(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream of `subject` (a customer's index) for `purpose`.
    pub(super) fn get(&self, subject: u64, purpose: Purpose) -> ChaCha8Rng {
        let mut stream = self.0.clone();
        // The first eight purposes have the lowest bits, the others the highest.
        let purpose = purpose as u64;
        stream.set_stream(purpose >> 3 << 60 | subject << 3 | purpose & 7);
        stream
    }
}
