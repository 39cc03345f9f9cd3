//! Ids to numbers, without a string a line: an id is kept once, in sixteen bytes when it is short.

use twox_hash::XxHash3_64;

/// What stands for a missing id.
pub const MISSING: u32 = u32::MAX;

/// Longest id that is kept within its key.
const SHORT: usize = 12;

/// Slots that a glance goes on to: next to the first, they are in the same cache line more often than not.
const GLANCE: usize = 4;

/// The length in four bytes, then a short id and zeros, or four bytes of a long one and its place among the long ones.
type Key = [u8; 16];

/// Distinct ids, numbered from 0 as they come.
#[derive(Debug, Default, Clone)]
pub struct Interner {
    /// Open addressing: the upper half of a hash, and the number plus one; 0 where nothing is.
    slots: Vec<u64>,
    /// By number.
    keys: Vec<Key>,
    /// The bytes of long ids.
    long: Vec<u8>,
}

impl Interner {
    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The number of an id, a new one when it has not been seen. `None` when there are more ids than numbers.
    pub fn number(&mut self, id: &[u8]) -> Option<u32> {
        if id.len() <= SHORT {
            return self.short(u128::from_le_bytes(head(id)));
        }
        self.make_room();
        let (hash, mut key) = (XxHash3_64::oneshot(id), head(id));
        let (slot, found) = self.probe(hash, |at| self.is_long(at, &key, id));
        if found.is_some() {
            return found;
        }
        key[8..].copy_from_slice(&(self.long.len() as u64).to_le_bytes());
        self.long.extend_from_slice(id);
        self.add(slot, hash, key)
    }

    /// The number of an id of up to twelve bytes by its key.
    fn short(&mut self, key: u128) -> Option<u32> {
        self.make_room();
        let (hash, bytes) = (mixed(key), key.to_le_bytes());
        let (slot, found) = self.probe(hash, |at| self.keys[at] == bytes);
        if found.is_some() { found } else { self.add(slot, hash, bytes) }
    }

    /// The numbers of ids by their keys (the length in the lowest four bytes, the id, zeros: the form of Arrow's views), as far as a look at the slots where each would be tells: [`MISSING`] for the others.
    /// Looks do not wait for each other, as ids in no order are all over the memory. A key of more than twelve bytes is
    /// nobody's.
    pub fn glance<const N: usize>(&self, keys: &[u128; N]) -> [u32; N] {
        if self.slots.is_empty() {
            return [MISSING; N];
        }
        let mask = self.slots.len() - 1;
        let entries = keys.map(|key| {
            let hash = mixed(key);
            let near = (0..GLANCE).map(|step| self.slots[(hash as usize).wrapping_add(step) & mask]);
            near.take_while(|entry| *entry != 0).find(|entry| entry >> 32 == hash >> 32).map_or(0, |entry| entry as u32)
        });
        let mut numbers = [MISSING; N];
        for ((number, entry), key) in numbers.iter_mut().zip(entries).zip(keys) {
            // The number plus one; 0 where nothing is.
            if entry > 0 && *key as u32 <= SHORT as u32 && self.keys[entry as usize - 1] == key.to_le_bytes() {
                *number = entry - 1;
            }
        }
        numbers
    }

    /// The number of an id, if it has been seen.
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let key = head(id);
        if id.len() <= SHORT {
            return self.probe(mixed(u128::from_le_bytes(key)), |at| self.keys[at] == key).1;
        }
        self.probe(XxHash3_64::oneshot(id), |at| self.is_long(at, &key, id)).1
    }

    /// The id of a number.
    ///
    /// # Panics
    /// When no id has this number.
    pub fn id(&self, number: u32) -> &[u8] {
        let key = &self.keys[number as usize];
        let length = length(key);
        if length <= SHORT {
            return &key[4..4 + length];
        }
        let mut place = [0; 8];
        place.copy_from_slice(&key[8..]);
        let place = u64::from_le_bytes(place) as usize;
        &self.long[place..place + length]
    }

    /// The numbers in the order of their ids' bytes.
    pub fn in_order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        order.sort_unstable_by(|one, other| self.id(*one).cmp(self.id(*other)));
        order
    }

    fn is_long(&self, at: usize, key: &Key, id: &[u8]) -> bool {
        self.keys[at][..8] == key[..8] && self.id(at as u32) == id
    }

    /// At most five slots of eight are taken, so that a search ends.
    fn make_room(&mut self) {
        if self.keys.len() * 8 >= self.slots.len() * 5 {
            self.grow();
        }
    }

    /// The slot of a hash: one whose number `is_it`, or the free one behind those.
    fn probe(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> (usize, Option<u32>) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return (slot, None);
            }
            let number = entry as u32 - 1;
            if entry >> 32 == hash >> 32 && is_it(number as usize) {
                return (slot, Some(number));
            }
            slot = (slot + 1) & mask;
        }
    }

    fn add(&mut self, slot: usize, hash: u64, key: Key) -> Option<u32> {
        let number = u32::try_from(self.keys.len()).ok().filter(|number| *number < MISSING - 1)?;
        self.slots[slot] = entry(hash, number);
        self.keys.push(key);
        Some(number)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1 << 10);
        let mask = size - 1;
        let mut slots = vec![0; size];
        for number in 0..self.keys.len() as u32 {
            let key = self.keys[number as usize];
            let hash = if length(&key) <= SHORT {
                mixed(u128::from_le_bytes(key))
            } else {
                XxHash3_64::oneshot(self.id(number))
            };
            let mut slot = hash as usize & mask;
            while slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            slots[slot] = entry(hash, number);
        }
        self.slots = slots;
    }
}

fn entry(hash: u64, number: u32) -> u64 {
    (hash >> 32 << 32) | u64::from(number + 1)
}

fn length(key: &Key) -> usize {
    u32::from_le_bytes([key[0], key[1], key[2], key[3]]) as usize
}

/// The key of a short id, or that of a long one without its place.
fn head(id: &[u8]) -> Key {
    let mut key = [0; 16];
    // An id does not reach 4 GiB: no reader here hands out a field of that size.
    key[..4].copy_from_slice(&(id.len() as u32).to_le_bytes());
    let kept = if id.len() <= SHORT { id.len() } else { 4 };
    key[4..4 + kept].copy_from_slice(&id[..kept]);
    key
}

/// A hash of a short key: both halves multiplied into 128 bits, and folded.
fn mixed(key: u128) -> u64 {
    let product = u128::from(key as u64 ^ 0x9e37_79b9_7f4a_7c15)
        .wrapping_mul(u128::from((key >> 64) as u64 ^ 0xe703_7ed1_a0b4_28db));
    let folded = (product as u64) ^ ((product >> 64) as u64);
    folded.wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(32)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_a_map(ids in prop::collection::vec("[ab]{0,3}|[a-z]{11,14}|.{0,40}", 0..3000)) {
            let mut interner = Interner::default();
            let mut map = HashMap::new();
            for id in &ids {
                let next = map.len() as u32;
                let wanted = *map.entry(id.as_str()).or_insert(next);
                prop_assert_eq!(interner.find(id.as_bytes()).unwrap_or(next), wanted);
                prop_assert_eq!(interner.number(id.as_bytes()), Some(wanted));
            }
            let mut missed = 0;
            for id in &ids {
                let key = u128::from_le_bytes(head(id.as_bytes()));
                let [found, unknown] = interner.glance(&[key, u128::from_le_bytes(head(b"unknown"))]);
                let short = id.len() <= SHORT;
                prop_assert!(found == MISSING || (short && Some(found) == interner.find(id.as_bytes())));
                prop_assert_eq!(unknown, MISSING);
                missed += usize::from(short && found == MISSING);
            }
            prop_assert!(missed <= ids.len() / 10 + 8, "a glance finds most");
            prop_assert_eq!(interner.len(), map.len());
            let mut sorted: Vec<&str> = map.keys().copied().collect();
            sorted.sort_unstable();
            let order: Vec<&[u8]> = interner.in_order().into_iter().map(|number| interner.id(number)).collect();
            prop_assert_eq!(order, sorted.iter().map(|id| id.as_bytes()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn numbered_ids_spread_over_the_table() {
        let mut interner = Interner::default();
        for basket in 0..200_000 {
            interner.number(format!("B{basket:08}").as_bytes());
        }
        let mask = interner.slots.len() - 1;
        let farthest = interner.keys.iter().enumerate().map(|(number, key)| {
            let home = mixed(u128::from_le_bytes(*key)) as usize & mask;
            let (slot, _) = interner.probe(mixed(u128::from_le_bytes(*key)), |at| at == number);
            slot.wrapping_sub(home) & mask
        });
        assert!(farthest.max().is_some_and(|most| most < 64), "long chains of taken slots");
    }
}
