//! The world as JSON: `dump` for people and counting, `snapshot` and `restore` for coming back exactly.
use crate::world::World;
use crate::world::ids::Ids;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

impl World {
    /// Every object as {account, region, type, id, implicit, created, value}, by place, then type, then creation.
    /// Bookkeeping of airplane itself (the event queue, replayed tokens, tags, which stand with their objects) is left out.
    pub(crate) fn dump(&mut self) -> Value {
        let (mut objects, mut tags) = (Vec::new(), HashMap::new());
        self.each_table(&mut |place, name, table| {
            if name == "ec2.tags" {
                tags.extend(
                    table.dump().into_iter().map(|(id, _, _, v)| ((place.to_owned(), id), v)),
                );
            }
        });
        let (listening, remarks) = (self.listening.clone(), self.remarks.clone());
        self.each_table(&mut |place, name, table| {
            if place.is_empty() || name == "ec2.tags" {
                return;
            }
            let (account, region) = place.split_once('/').unwrap_or((place, ""));
            for (id, implicit, created, value) in table.dump() {
                let created = crate::wire::scalar::iso(created);
                let mut object = json!({"account": account, "region": region, "type": name, "id": id,
                    "implicit": implicit, "created": created, "value": value});
                if let Some(address) = listening.get(&id) {
                    object["listens"] = json!(address);
                }
                if let Some(remark) = remarks.get(&id) {
                    object["remark"] = json!(remark);
                }
                if let Some(tags) = tags.get(&(place.to_owned(), id)) {
                    object["tags"] = tags.clone();
                }
                objects.push(object);
            }
        });
        Value::Array(objects)
    }

    /// All of the world, for `restore`.
    pub(crate) fn snapshot(&mut self) -> Value {
        let mut records = Vec::new();
        self.each_table(&mut |place, name, table| {
            for (id, row) in table.export() {
                records.push(json!([place, name, id, row]));
            }
        });
        let quotas: Map<String, Value> =
            self.quotas.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        json!({"format": 1, "seed": self.ids.seed, "position": self.ids.position().to_string(), "now": self.now,
            "quotas": quotas, "records": records})
    }

    /// Replaces the world by a snapshot. Nothing is changed if the snapshot is not one.
    pub(crate) fn restore(&mut self, snapshot: &Value) -> Result<(), String> {
        let wrong = |what: &str| format!("this is no snapshot of airplane: {what}");
        let seed = snapshot["seed"].as_u64().ok_or_else(|| wrong("it has no seed"))?;
        let position = snapshot["position"]
            .as_str()
            .and_then(|p| p.parse().ok())
            .ok_or_else(|| wrong("it has no position"))?;
        let now = snapshot["now"].as_i64().ok_or_else(|| wrong("it has no time"))?;
        let records = snapshot["records"].as_array().ok_or_else(|| wrong("it has no records"))?;
        let mut fresh = World::new(seed, self.visibility);
        fresh.ids.seek(seed, position);
        fresh.now = now;
        for record in records {
            let part =
                |i: usize| record[i].as_str().ok_or_else(|| wrong("a record is not four strings"));
            let (place, name, id, row) = (part(0)?, part(1)?, part(2)?, part(3)?);
            let mut result = Err(wrong(&format!("there is no table {name}")));
            fresh.with_table(place, name, &mut |t| {
                result = t.load(id, row).map_err(|e| wrong(&format!("{name} {id}: {e}")));
            });
            result?;
        }
        for (name, limit) in snapshot["quotas"].as_object().into_iter().flatten() {
            fresh.quotas.insert(name.clone(), limit.as_u64().unwrap_or_default());
        }
        // What is true of this process stays true.
        fresh.listening = std::mem::take(&mut self.listening);
        fresh.sockets = std::mem::take(&mut self.sockets);
        fresh.remarks = std::mem::take(&mut self.remarks);
        fresh.loopback = self.loopback;
        crate::world::machines::begin_anew(&mut fresh);
        *self = fresh;
        Ok(())
    }

    /// Empties the world and starts its seed again. The time stays.
    pub(crate) fn reset(&mut self) {
        self.each_table(&mut |_, _, table| table.clear());
        self.accounts.clear();
        self.conditions.clear();
        self.sockets.clear();
        self.consoles.clear();
        self.quotas.clear();
        self.ids = Ids::new(self.ids.seed);
    }
}
