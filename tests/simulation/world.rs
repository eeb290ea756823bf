//! [`World`]: a cloud with laws, in which others act too.
//!
//! An object may *refer* to others (they must exist, and may not be deleted meanwhile) and may *link*
//! to others (they must exist when the link is made). New objects are invisible to referrers for a
//! while. What a call may never do is refused and remembered as a violation, unless somebody
//! else's doing explains it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kprov_core::{Type, Value};
use kprov_provider::ProviderError;

use crate::dice::Dice;

/// Ids of other objects; the configuration may have said none at all.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ids {
    pub(crate) set: BTreeSet<String>,
    null: bool,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Thing {
    pub(crate) size: i64,
    pub(crate) kind: String,
    pub(crate) refs: Ids,
    pub(crate) links: Ids,
    pub(crate) note: Option<String>,
    /// Grows with each update.
    pub(crate) revision: u32,
    pub(crate) token: String,
    pub(crate) visible_ms: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) things: BTreeMap<String, Thing>,
    tokens: BTreeMap<String, String>,
    /// Deleted by somebody else.
    pub(crate) taken: BTreeSet<String>,
    made: u64,
    pub(crate) now_ms: u64,
    /// How long new objects stay invisible.
    pub(crate) hidden_ms: u64,
    /// Percentage of reads that fail.
    pub(crate) reads_fail: u32,
    pub(crate) violations: Vec<String>,
}

/// See the module. Clones share one world.
#[derive(Clone, Debug)]
pub(crate) struct World(Arc<Mutex<(Content, Dice)>>);

impl World {
    pub(crate) fn new(seed: u64) -> World {
        World(Arc::new(Mutex::new((Content::default(), Dice::new(seed, 8)))))
    }

    fn enter(&self) -> MutexGuard<'_, (Content, Dice)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at everything, or sets a knob.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Content) -> T) -> T {
        act(&mut self.enter().0)
    }

    /// Does a read fail now?
    pub(crate) fn reading(&self) -> Result<(), ProviderError> {
        let (content, dice) = &mut *self.enter();
        match dice.chance(content.reads_fail) {
            true => Err(ProviderError::retryable("Read failed", "Injected.")),
            false => Ok(()),
        }
    }

    pub(crate) fn create(&self, token: &str, planned: &Value) -> Result<Value, ProviderError> {
        self.with(|content| content.create(token, planned))
    }

    pub(crate) fn update(&self, planned: &Value) -> Result<Value, ProviderError> {
        self.with(|content| content.update(planned))
    }

    pub(crate) fn delete(&self, id: &str) -> Result<(), ProviderError> {
        self.with(|content| content.delete(id))
    }

    pub(crate) fn read(&self, id: &str) -> Option<Value> {
        self.with(|content| content.things.get(id).map(|thing| thing.value(id)))
    }

    pub(crate) fn by_token(&self, token: &str) -> Option<Value> {
        self.with(|content| {
            let id = content.tokens.get(token)?;
            content.things.get(id).map(|thing| thing.value(id))
        })
    }

    /// Somebody else changes an object, or deletes it with all that refers to it.
    pub(crate) fn drift(&self, dice: &mut Dice) -> Option<String> {
        self.with(|content| {
            let ids: Vec<String> = content.things.keys().cloned().collect();
            let id = dice.of(&ids)?.clone();
            if dice.chance(50) {
                let thing = content.things.get_mut(&id)?;
                thing.size += 1000;
                thing.revision += 1;
                return Some(format!("somebody changes {id}"));
            }
            let mut gone = vec![id];
            while let Some(id) = gone.pop() {
                content.things.remove(&id);
                let referrers = content.things.iter().filter(|(_, it)| it.refs.set.contains(&id));
                gone.extend(referrers.map(|(id, _)| id.clone()));
                content.taken.insert(id);
            }
            Some(format!("somebody deletes {:?}", content.taken))
        })
    }
}

impl Content {
    fn violated(&mut self, what: String) -> ProviderError {
        self.violations.push(what.clone());
        ProviderError::rejected("Against the law", what)
    }

    fn create(&mut self, token: &str, planned: &Value) -> Result<Value, ProviderError> {
        if let Some(id) = self.tokens.get(token) {
            return match self.things.get(id) {
                Some(thing) => Ok(thing.value(id)),
                None => Err(ProviderError::rejected("Gone", format!("{id} was deleted."))),
            };
        }
        let id = format!("id{}", self.made + 1);
        let thing = Thing {
            token: token.to_owned(),
            visible_ms: self.now_ms + self.hidden_ms,
            ..Thing::from(planned)
        };
        let targets: BTreeSet<String> = thing.refs.set.union(&thing.links.set).cloned().collect();
        self.must_exist(&format!("a new object {id}"), &targets)?;
        self.made += 1;
        let value = thing.value(&id);
        self.tokens.insert(token.to_owned(), id.clone());
        self.things.insert(id, thing);
        Ok(value)
    }

    fn update(&mut self, planned: &Value) -> Result<Value, ProviderError> {
        let id = text(planned, "id").unwrap_or_default();
        let new = Thing::from(planned);
        let Some(old) = self.things.get(&id).cloned() else {
            if self.taken.contains(&id) {
                return Err(ProviderError::rejected("Gone", format!("{id} is not there.")));
            }
            return Err(self.violated(format!("{id} is updated and is not there")));
        };
        if old.kind != new.kind || old.refs.set != new.refs.set {
            return Err(self.violated(format!("{id} is updated where it must be replaced")));
        }
        self.must_exist(&id, &new.links.set.difference(&old.links.set).cloned().collect())?;
        let thing = Thing {
            revision: old.revision + 1,
            token: old.token,
            visible_ms: old.visible_ms,
            ..new
        };
        let value = thing.value(&id);
        self.things.insert(id, thing);
        Ok(value)
    }

    fn delete(&mut self, id: &str) -> Result<(), ProviderError> {
        let referrer = self.things.iter().find(|(_, thing)| thing.refs.set.contains(id));
        if let Some((referrer, _)) = referrer {
            let what = format!("{id} is deleted while {referrer} refers to it");
            return Err(self.violated(what));
        }
        self.things.remove(id);
        Ok(())
    }

    fn must_exist(&mut self, whose: &str, ids: &BTreeSet<String>) -> Result<(), ProviderError> {
        for id in ids {
            match self.things.get(id) {
                Some(thing) if thing.visible_ms > self.now_ms => {
                    let message = format!("{id} is not visible yet.");
                    return Err(ProviderError::retryable("Not found", message));
                }
                Some(_) => {}
                None if self.taken.contains(id) => {
                    return Err(ProviderError::rejected("Gone", format!("{id} is not there.")));
                }
                None => {
                    let what = format!("{whose} refers to {id}, which does not exist");
                    return Err(self.violated(what));
                }
            }
        }
        Ok(())
    }
}

impl Thing {
    pub(crate) fn etag(&self, id: &str) -> String {
        format!("{id}.{}", self.revision)
    }

    pub(crate) fn value(&self, id: &str) -> Value {
        let set = |these: &Ids| {
            let items = these.set.iter().map(|id| Value::string(id.as_str())).collect();
            match these.null {
                true => Value::Null(Type::set(Type::String)),
                false => Value::set(Type::String, items),
            }
        };
        let note = self.note.as_deref().map_or(Value::Null(Type::String), Value::string);
        Value::object([
            ("etag", Value::string(self.etag(id))),
            ("id", Value::string(id)),
            ("kind", Value::string(self.kind.as_str())),
            ("links", set(&self.links)),
            ("note", note),
            ("refs", set(&self.refs)),
            ("size", Value::int(self.size)),
        ])
    }
}

impl From<&Value> for Thing {
    fn from(value: &Value) -> Thing {
        Thing {
            size: value
                .get("size")
                .and_then(Value::as_number)
                .and_then(|n| n.to_i64())
                .unwrap_or(0),
            kind: text(value, "kind").unwrap_or_default(),
            refs: ids(value, "refs"),
            links: ids(value, "links"),
            note: text(value, "note"),
            revision: 0,
            token: String::new(),
            visible_ms: 0,
        }
    }
}

/// The text of an attribute, if it is one.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn ids(value: &Value, name: &str) -> Ids {
    let items = value.get(name).and_then(Value::as_items);
    let texts = items.unwrap_or_default().iter().filter_map(Value::as_str);
    Ids { set: texts.map(str::to_owned).collect(), null: items.is_none() }
}
