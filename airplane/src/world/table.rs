//! Tables of records: by id, in creation order, with what is dirty and how it was before, so that a request commits or rolls back.
use crate::world::Millis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a table can hold.
pub(crate) trait Record: Clone + Serialize + DeserializeOwned + Send {}
impl<T: Clone + Serialize + DeserializeOwned + Send> Record for T {}

/// A record with its bookkeeping.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row<T> {
    pub(crate) seq: u64,
    /// Made by AWS along with something else, and deleted with it.
    pub(crate) implicit: bool,
    pub(crate) created: Millis,
    /// When describes begin to see it.
    pub(crate) visible: Millis,
    pub(crate) value: T,
}

/// Records of one type in one place.
pub(crate) struct Table<T> {
    rows: BTreeMap<u64, (String, Row<T>)>,
    by_id: BTreeMap<String, u64>,
    next: u64,
    // How the ids changed since the last commit were before.
    before: BTreeMap<String, Option<Row<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), by_id: BTreeMap::new(), next: 0, before: BTreeMap::new() }
    }
}

impl<T: Record> Table<T> {
    /// Adds a record that the caller asked for. `visible` is when describes see it (`Scope::visible_at`).
    pub(crate) fn insert(&mut self, id: &str, value: T, now: Millis, visible: Millis) -> &mut T {
        self.add(id, value, now, visible, false)
    }

    /// Adds a record that comes along with another and is visible at once.
    pub(crate) fn insert_implicit(&mut self, id: &str, value: T, now: Millis) -> &mut T {
        self.add(id, value, now, now, true)
    }

    fn add(
        &mut self,
        id: &str,
        value: T,
        created: Millis,
        visible: Millis,
        implicit: bool,
    ) -> &mut T {
        self.remember(id);
        let seq = match self.by_id.get(id) {
            Some(seq) => *seq,
            None => {
                self.next += 1;
                self.next
            }
        };
        self.put(id.to_owned(), Row { seq, implicit, created, visible, value });
        &mut self.rows.get_mut(&seq).expect("invariant: put above").1.value
    }

    fn put(&mut self, id: String, row: Row<T>) {
        self.next = self.next.max(row.seq);
        self.by_id.insert(id.clone(), row.seq);
        self.rows.insert(row.seq, (id, row));
    }

    fn remember(&mut self, id: &str) {
        if !self.before.contains_key(id) {
            self.before.insert(id.to_owned(), self.row(id).cloned());
        }
    }

    /// The row of an id.
    pub(crate) fn row(&self, id: &str) -> Option<&Row<T>> {
        Some(&self.rows.get(self.by_id.get(id)?)?.1)
    }

    /// The record of an id, seen or not: what changes and checks use.
    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.row(id).map(|r| &r.value)
    }

    /// The record of an id for a change; this marks it dirty.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let seq = *self.by_id.get(id)?;
        self.remember(id);
        self.rows.get_mut(&seq).map(|(_, r)| &mut r.value)
    }

    /// Is there such a record?
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Takes a record away.
    pub(crate) fn remove(&mut self, id: &str) -> Option<T> {
        self.remember(id);
        let seq = self.by_id.remove(id)?;
        self.rows.remove(&seq).map(|(_, r)| r.value)
    }

    /// All records in creation order, with ids.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.rows.values().map(|(id, r)| (id.as_str(), &r.value))
    }

    /// All records in creation order.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values().map(|(_, r)| &r.value)
    }

    /// What a describe sees at this time, in creation order.
    pub(crate) fn seen(&self, now: Millis) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.rows
            .values()
            .filter(move |(_, r)| r.visible <= now)
            .map(|(id, r)| (id.as_str(), &r.value))
    }

    /// What a describe by ids sees, in creation order, each once.
    pub(crate) fn seen_of(&self, ids: &[String], now: Millis) -> Vec<(&str, &T)> {
        let mut seqs: Vec<u64> =
            ids.iter().filter_map(|id| self.by_id.get(id.as_str()).copied()).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let rows = seqs.iter().filter_map(|seq| self.rows.get(seq));
        rows.filter(|(_, r)| r.visible <= now).map(|(id, r)| (id.as_str(), &r.value)).collect()
    }

    /// What a describe by id sees.
    pub(crate) fn see(&self, id: &str, now: Millis) -> Option<&T> {
        self.row(id).filter(|r| r.visible <= now).map(|r| &r.value)
    }

    /// The first in the order of ids.
    pub(crate) fn first_by_id(&self) -> Option<(&str, &T)> {
        let (id, seq) = self.by_id.first_key_value()?;
        Some((id, &self.rows.get(seq)?.1.value))
    }

    /// Ids in creation order, for loops that change the table.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows.values().map(|(id, _)| id.clone()).collect()
    }

    /// The highest sequence number given so far.
    pub(crate) fn row_count_ever(&self) -> u64 {
        self.next
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// A change for the store: the row's JSON, or nothing when it is gone.
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) json: Option<String>,
}

/// A table without its type.
pub(crate) trait AnyTable {
    /// Changes since the last commit.
    fn pending(&self) -> Vec<Change>;
    /// Makes the changes final: they can no longer be rolled back.
    fn settle(&mut self);
    /// Undoes what changed since the last commit.
    fn rollback(&mut self);
    /// Puts a stored row in.
    fn load(&mut self, id: &str, json: &str) -> Result<(), serde_json::Error>;
    /// All rows as (id, implicit, created, value).
    fn dump(&self) -> Vec<(String, bool, Millis, Value)>;
    /// All rows as the store keeps them.
    fn export(&self) -> Vec<(String, String)>;
    /// Drops everything.
    fn clear(&mut self);
}

impl<T: Record> AnyTable for Table<T> {
    fn pending(&self) -> Vec<Change> {
        self.before
            .keys()
            .map(|id| Change { json: self.row(id).map(encode), id: id.clone() })
            .collect()
    }

    fn settle(&mut self) {
        self.before.clear();
    }

    fn rollback(&mut self) {
        for (id, before) in std::mem::take(&mut self.before) {
            if let Some(seq) = self.by_id.remove(&id) {
                self.rows.remove(&seq);
            }
            if let Some(row) = before {
                self.put(id, row);
            }
        }
    }

    fn load(&mut self, id: &str, json: &str) -> Result<(), serde_json::Error> {
        self.put(id.to_owned(), serde_json::from_str(json)?);
        Ok(())
    }

    fn dump(&self) -> Vec<(String, bool, Millis, Value)> {
        let value = |r: &Row<T>| serde_json::to_value(&r.value).unwrap_or_default();
        self.rows.values().map(|(id, r)| (id.clone(), r.implicit, r.created, value(r))).collect()
    }

    fn export(&self) -> Vec<(String, String)> {
        self.rows.values().map(|(id, r)| (id.clone(), encode(r))).collect()
    }

    fn clear(&mut self) {
        *self = Table::default();
    }
}

fn encode<T: Record>(row: &Row<T>) -> String {
    serde_json::to_string(row)
        .expect("invariant: records are plain data with string keys, which JSON can hold")
}

/// Declares a struct of tables (`table name: Record`) and of structs of tables (`nested name: Type`).
macro_rules! tables {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $(nested $n:ident: $nt:ty,)* $(table $t:ident: $tt:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        $vis struct $name {
            $(pub(crate) $n: $nt,)*
            $(pub(crate) $t: $crate::world::table::Table<$tt>,)*
        }

        impl $name {
            /// Runs over the tables with their dotted names.
            #[allow(unused_variables, reason = "a service's state may be empty")]
            pub(crate) fn each(&mut self, prefix: &str, f: &mut dyn FnMut(&str, &mut dyn $crate::world::table::AnyTable)) {
                let dot = if prefix.is_empty() { "" } else { "." };
                $(self.$n.each(&format!("{prefix}{dot}{}", stringify!($n)), f);)*
                $(f(&format!("{prefix}{dot}{}", stringify!($t)), &mut self.$t);)*
            }
        }
    };
}
pub(crate) use tables;
