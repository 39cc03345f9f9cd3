//! Keys under which a router finds customers: their ids, or keyed hashes of them for systems that must not hold ids
//! (`spec/cautions.md`: personal data).

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// Name of the secret that ids are hashed by.
pub const ROUTING_KEY: &str = "routing_key";

/// The shortest secret that is taken: 128 bits, if they are random.
pub const LEAST_KEY_BYTES: usize = 16;

/// What the secret is for: the same secret used for something else gives other hashes.
const CONTEXT: &str = "patronage routing keys v1";

/// The keys of all known customers.
pub const MODEL: Model = Model {
    name: "routing_keys",
    reads: &["contact_units", "run_params"],
    makes: &["routing_keys"],
    takes: Takes::Batches("contact_units"),
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let customers = inputs.table("contact_units")?.text("customer_id")?;
    let opaque = inputs.table("run_params")?.boolean("opaque_routing_keys")?.first().copied().flatten();
    let (keys, kind): (Vec<Option<String>>, _) = if opaque.unwrap_or(false) {
        let secret = inputs.secret(ROUTING_KEY).ok_or_else(|| Error::internal("there is no routing key"))?;
        let hash = KeyedHash::new(secret);
        (customers.iter().map(|id| id.map(|id| hash.of(id))).collect(), "keyed_hash")
    } else {
        (customers.iter().map(|id| id.map(str::to_owned)).collect(), "customer_id")
    };
    let kinds = vec![Some(kind.to_owned()); keys.len()];
    let ids = customers.into_iter().map(|id| id.map(str::to_owned)).collect();
    Ok(vec![vec![Values::Text(ids), Values::Text(keys), Values::Text(kinds)]])
}

/// BLAKE3 in keyed mode, with a key derived from the secret.
pub struct KeyedHash([u8; 32]);

impl KeyedHash {
    /// The hash by `secret`, of any length.
    pub fn new(secret: &[u8]) -> Self {
        KeyedHash(blake3::derive_key(CONTEXT, secret))
    }

    /// The hash of an id: 64 hexadecimal digits.
    pub fn of(&self, id: &str) -> String {
        blake3::keyed_hash(&self.0, id.as_bytes()).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_the_id_and_on_the_secret_and_on_nothing_else() {
        let (one, other) = (KeyedHash::new(b"0123456789abcdef"), KeyedHash::new(b"0123456789abcdeg"));
        assert_eq!(one.of("10000555"), KeyedHash::new(b"0123456789abcdef").of("10000555"));
        assert_ne!(one.of("10000555"), one.of("10000556"));
        assert_ne!(one.of("10000555"), other.of("10000555"));
        assert_eq!(one.of("").len(), 64);
    }
}
