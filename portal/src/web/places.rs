//! So many at once for each key: connections of an address, downloads of a person.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

type Taken<K> = Arc<Mutex<HashMap<K, usize>>>;

#[derive(Debug)]
pub struct Places<K> {
    most: usize,
    taken: Taken<K>,
}

/// Taken until dropped.
#[derive(Debug)]
pub struct Place<K: Hash + Eq> {
    key: K,
    taken: Taken<K>,
}

impl<K: Hash + Eq + Clone> Places<K> {
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// None: this key has all of its places.
    pub fn enter(&self, key: K) -> Option<Place<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { key, taken: self.taken.clone() })
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn each_key_has_its_places_and_is_forgotten_with_the_last() {
        let places = Places::new(2);
        let held = [places.enter("a"), places.enter("a")];
        assert!(held.iter().all(Option::is_some));
        assert!(places.enter("a").is_none() && places.enter("b").is_some());
        drop(held);
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
