//! One call as an action sees it: input by model member name, caller, and the scope that it runs in.
use crate::service::ServiceId;
use crate::world::scope::Scope;
use serde_json::{Map, Value};
use std::ops::{Deref, DerefMut};

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

/// A call. Derefs to its `Scope`.
pub(crate) struct Call<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) service: ServiceId,
    pub(crate) action: &'a str,
    pub(crate) caller: Caller,
    pub(crate) input: Map<String, Value>,
    /// Host that the request came to, for answers that hold URLs (SQS).
    pub(crate) host: String,
}

impl<'a> Deref for Call<'a> {
    type Target = Scope<'a>;

    fn deref(&self) -> &Self::Target {
        &self.scope
    }
}

impl DerefMut for Call<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.scope
    }
}

impl Call<'_> {
    /// A member, if it was given.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.input.get(name).filter(|v| !v.is_null())
    }

    /// A text member; required members are there, since the model was checked, so absent reads as empty.
    pub(crate) fn str(&self, name: &str) -> String {
        self.opt_str(name).unwrap_or_default()
    }

    /// A text member, if it was given.
    pub(crate) fn opt_str(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A boolean member, if it was given.
    pub(crate) fn opt_bool(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// An integer member, if it was given.
    pub(crate) fn opt_int(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    /// A list member; absent reads as empty.
    pub(crate) fn list(&self, name: &str) -> Vec<Value> {
        self.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// A list of texts; absent reads as empty.
    pub(crate) fn strings(&self, name: &str) -> Vec<String> {
        self.list(name).iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    /// EC2's `{"Value": ...}` members.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        self.get(name).and_then(|v| v.get("Value"))
    }
}
