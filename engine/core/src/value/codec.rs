//! serde for [`Value`], keeping everything: types, unknowns with refinements, marks. This is what
//! saved plans and journal entries hold. The form is our own and may only grow.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Value;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        todo!()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Value, D::Error> {
        todo!()
    }
}
