//! [`Entries`]: the named parts of a map or object, sorted by name.

use crate::{Str, Value};

/// Name-value pairs in name order, each name once. Compact (one allocation), looked up by binary
/// search.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<(Str, Value)>);

impl Entries {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// Is there a value of that name?
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Pairs in name order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Str, Value)> {
        self.0.iter()
    }

    /// Names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Values in name order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.0.iter().map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Of two pairs with one name the last wins.
impl FromIterator<(Str, Value)> for Entries {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(pairs: I) -> Entries {
        let mut pairs: Vec<(Str, Value)> = pairs.into_iter().collect();
        let ordered = pairs.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !ordered {
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            // dedup_by keeps the first of a run, so let the later value take its place.
            pairs.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(&mut later.1, &mut earlier.1);
                }
                same
            });
        }
        Entries(pairs)
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a (Str, Value);
    type IntoIter = std::slice::Iter<'a, (Str, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Entries {
    type Item = (Str, Value);
    type IntoIter = std::vec::IntoIter<(Str, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
