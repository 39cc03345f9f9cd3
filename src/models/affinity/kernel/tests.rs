//! Counts against a plain oracle, for any threads, partition, order and weights.
