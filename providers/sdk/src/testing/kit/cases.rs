//! [`Cases`]: what a test tells the kit of a type.

use std::fmt;

use kprov_core::Value;

pub(super) type Drift = Box<dyn Fn(&Value)>;
pub(super) type ImportId = Box<dyn Fn(&Value) -> String>;
pub(super) type Count = Box<dyn Fn() -> usize>;

/// Configurations to try, and ways to look at the world behind the provider's back. Objects need
/// only name the attributes that they set.
pub struct Cases {
    pub(super) provider: Value,
    pub(super) create: Value,
    pub(super) updates: Vec<Value>,
    pub(super) replaces: Vec<(Value, String)>,
    pub(super) bad: Vec<(Value, String)>,
    pub(super) drifts: Vec<Drift>,
    pub(super) import: Option<ImportId>,
    pub(super) import_misses: Vec<String>,
    pub(super) bad_ids: Vec<String>,
    pub(super) objects: Option<Count>,
}

impl fmt::Debug for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cases").field("create", &self.create).finish_non_exhaustive()
    }
}

impl Cases {
    /// An object is made with this configuration.
    pub fn new(create: Value) -> Cases {
        Cases {
            provider: Value::object::<&str>([]),
            create,
            updates: Vec::new(),
            replaces: Vec::new(),
            bad: Vec::new(),
            drifts: Vec::new(),
            import: None,
            import_misses: Vec::new(),
            bad_ids: Vec::new(),
            objects: None,
        }
    }

    /// The configuration that an object is made with.
    pub fn config(&self) -> &Value {
        &self.create
    }

    /// The provider is configured like this.
    pub fn provider(mut self, config: Value) -> Cases {
        self.provider = config;
        self
    }

    /// From the configuration of the create (or of the update before) to this is an update in place.
    pub fn update(mut self, config: Value) -> Cases {
        self.updates.push(config);
        self
    }

    /// From the configuration of the create to this is a replacement, because of `attribute`.
    pub fn replace(mut self, config: Value, attribute: &str) -> Cases {
        self.replaces.push((config, attribute.to_owned()));
        self
    }

    /// This configuration is refused, and `attribute` is named as the one at fault.
    pub fn bad(mut self, config: Value, attribute: &str) -> Cases {
        self.bad.push((config, attribute.to_owned()));
        self
    }

    /// Changes the object (given as the provider returned it) behind the provider's back. The next
    /// read must see it. Each drift gets an object of its own.
    pub fn drift(mut self, change: impl Fn(&Value) + 'static) -> Cases {
        self.drifts.push(Box::new(change));
        self
    }

    /// The import id of an object.
    pub fn import(mut self, id: impl Fn(&Value) -> String + 'static) -> Cases {
        self.import = Some(Box::new(id));
        self
    }

    /// Attributes that an import cannot find out.
    pub fn import_misses(mut self, attributes: &[&str]) -> Cases {
        self.import_misses = attributes.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// An import id that is refused.
    pub fn bad_id(mut self, id: &str) -> Cases {
        self.bad_ids.push(id.to_owned());
        self
    }

    /// Counts the objects that exist outside the state.
    pub fn objects(mut self, count: impl Fn() -> usize + 'static) -> Cases {
        self.objects = Some(Box::new(count));
        self
    }
}
