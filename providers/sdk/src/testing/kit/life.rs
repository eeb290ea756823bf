//! Rules about an object's life: made, read, changed, gone, and a crash at every point of it.

use kprov_core::{Path, Value};

use super::Run;
use crate::{
    CreateRequest, DeleteRequest, Intent, Object, PlannedObject, ReadRequest, SettleRequest,
    Settled, UpdateRequest,
};

impl Run<'_> {
    /// A plan and its intent for a new object.
    fn planned_create(&mut self) -> Option<(PlannedObject, Intent)> {
        let planned = self.plan(None, &self.cases.create)?;
        Some((planned, self.intent()))
    }

    async fn create(&mut self, planned: &PlannedObject, intent: &Intent) -> Option<Object> {
        let request = CreateRequest {
            intent: intent.clone(),
            planned: planned.value.clone(),
            config: self.config(&self.cases.create),
            private: planned.private.clone(),
        };
        match self.resource.create(&self.context, request).await {
            Ok(object) => {
                self.check_result("create", &planned.value, &object.value);
                Some(object)
            }
            Err(error) => {
                self.fail("create", error.to_string());
                None
            }
        }
    }

    /// An object of the first case.
    pub(super) async fn made(&mut self) -> Option<Object> {
        let (planned, intent) = self.planned_create()?;
        self.create(&planned, &intent).await
    }

    /// Reads one object twice in one call.
    pub(super) async fn read(&mut self, rule: &'static str, prior: &Object) -> Option<Object> {
        let requests = vec![ReadRequest { prior: prior.clone() }; 2];
        let mut answers = self.resource.read_many(&self.context, requests).await;
        self.expect(answers.len() == 2, "read answers each question", || {
            format!("{} answers to 2 questions", answers.len())
        });
        self.expect(answers.windows(2).all(|pair| pair[0] == pair[1]), "read is stable", || {
            "one object was read twice, with different answers".to_owned()
        });
        match answers.pop()? {
            Ok(Some(object)) => {
                self.check_known(rule, &object.value);
                Some(object)
            }
            Ok(None) => None,
            Err(error) => {
                self.fail("read", format!("after {rule}: {error}"));
                None
            }
        }
    }

    /// Reading and planning again finds nothing to do.
    async fn check_settled_down(&mut self, rule: &'static str, object: &Object, config: &Value) {
        let Some(read) = self.read(rule, object).await else {
            return self.fail("read sees what is there", format!("after {rule}, it is not found"));
        };
        self.expect(read.value == object.value, "read sees what is there", || {
            format!("after {rule}, the object reads differently: {}", differing(object, &read))
        });
        self.expect(read.private == object.private, "private is kept", || {
            format!("reading after {rule} gave other private bytes")
        });
        if let Some(planned) = self.plan(Some(&read), config) {
            let same = planned.value == read.value;
            let planned = Object::from(planned.value);
            self.expect(same, "plan after apply is empty", || {
                format!("after {rule}, changes are planned: {}", differing(&read, &planned))
            });
        }
    }

    pub(super) async fn delete(&mut self, rule: &'static str, prior: Object) {
        let intent = self.intent();
        for turn in ["delete", "delete is repeatable"] {
            let request = DeleteRequest { intent: intent.clone(), prior: prior.clone() };
            if let Err(error) = self.resource.delete(&self.context, request).await {
                self.fail(turn, format!("after {rule}: {error}"));
            }
        }
        let gone = self.is_local() || self.read("delete", &prior).await.is_none();
        self.expect(gone, "delete", || format!("after {rule}, a deleted object is still read"));
    }

    pub(super) async fn check_life(&mut self) {
        let cases = self.cases;
        let before = self.objects();
        let Some((planned, intent)) = self.planned_create() else { return };
        let Some(created) = self.create(&planned, &intent).await else { return };
        self.check_settled_down("create", &created, &cases.create).await;
        self.check_repeated_create(&planned, &intent, &created, before).await;
        self.check_replaces(&created);
        let last = self.check_updates(created).await;
        self.delete("update", last).await;
        self.check_count("delete", before, 0);
        self.check_drifts().await;
    }

    fn check_count(&mut self, rule: &'static str, before: Option<usize>, more: usize) {
        let (Some(before), Some(now)) = (before, self.objects()) else { return };
        self.expect(now == before + more, "objects are counted", || {
            format!("after {rule} there are {now} objects, {} were expected", before + more)
        });
    }

    /// The same intent makes one object, however often it is carried out.
    async fn check_repeated_create(
        &mut self,
        planned: &PlannedObject,
        intent: &Intent,
        created: &Object,
        before: Option<usize>,
    ) {
        let Some(again) = self.create(planned, intent).await else { return };
        let same = self.is_local() || again.value == created.value;
        self.expect(same, "create is repeatable", || {
            format!("the same token gave another object: {}", differing(created, &again))
        });
        let more = usize::from(!self.is_local());
        self.check_count("creating twice with one token", before, more);
    }

    fn check_replaces(&mut self, prior: &Object) {
        for (config, attribute) in &self.cases.replaces {
            let Some(planned) = self.plan(Some(prior), config) else { continue };
            let forced = self.forced(&prior.value, &planned);
            self.expect(forced.contains(&Path::attribute(attribute.as_str())), "replace", || {
                format!("a change of {attribute} does not replace the object")
            });
        }
    }

    /// Carries out all updates, each twice; gives the last object.
    async fn check_updates(&mut self, created: Object) -> Object {
        let mut prior = created;
        for config in &self.cases.updates {
            let Some(planned) = self.plan(Some(&prior), config) else { continue };
            let forced = self.forced(&prior.value, &planned);
            self.expect(forced.is_empty(), "update", || {
                format!("an update would replace the object because of {forced:?}")
            });
            let request = self.update_request(&prior, &planned, config);
            let first = self.resource.update(&self.context, request.clone()).await;
            let second = self.resource.update(&self.context, request).await;
            match (first, second) {
                (Ok(first), Ok(second)) => {
                    self.check_result("update", &planned.value, &first.value);
                    // Of what is in the state only, an update that was not recorded did nothing.
                    let same = self.is_local() || first == second;
                    self.expect(same, "update is repeatable", || differing(&first, &second));
                    self.check_settled_down("update", &first, config).await;
                    prior = first;
                }
                (Err(error), _) => self.fail("update", error.to_string()),
                (_, Err(error)) => self.fail("update is repeatable", error.to_string()),
            }
        }
        prior
    }

    fn update_request(
        &mut self,
        prior: &Object,
        planned: &PlannedObject,
        config: &Value,
    ) -> UpdateRequest {
        UpdateRequest {
            intent: self.intent(),
            prior: prior.clone(),
            planned: planned.value.clone(),
            config: self.config(config),
            private: planned.private.clone(),
        }
    }

    /// What others change is seen.
    async fn check_drifts(&mut self) {
        for drift in &self.cases.drifts {
            let Some(created) = self.made().await else { continue };
            drift(&created.value);
            let read = self.read("drift", &created).await;
            self.expect(read.as_ref() != Some(&created), "drift is seen", || {
                "the object was changed, but reads as before".to_owned()
            });
            self.delete("drift", created).await;
        }
    }

    async fn settle(&mut self, request: SettleRequest) -> Option<Settled> {
        match self.resource.settle(&self.context, request).await {
            Ok(settled) => {
                if let Settled::Exists(object) = &settled {
                    self.check_known("settle", &object.value);
                }
                Some(settled)
            }
            Err(error) => {
                self.fail("settle", error.to_string());
                None
            }
        }
    }

    /// A crash before and after each call: settling finds out what became of it.
    pub(super) async fn check_crashes(&mut self) {
        let before = self.objects();
        let Some((planned, intent)) = self.planned_create() else { return };
        let request = SettleRequest {
            intent: intent.clone(),
            prior: None,
            planned: planned.value.clone(),
            private: planned.private.clone(),
            age: None,
        };
        let settled = self.settle(request.clone()).await;
        self.expect(
            matches!(settled, None | Some(Settled::Absent)),
            "settle after a crash before create",
            || "an object that was never made is said to exist".to_owned(),
        );
        let Some(created) = self.create(&planned, &intent).await else { return };
        let settled = self.settle(request).await;
        let found = match &settled {
            None => true,
            Some(Settled::Absent) => self.is_local(),
            Some(Settled::Exists(object)) => object.value == created.value,
            Some(Settled::Unfinished(..)) => false,
        };
        self.expect(found, "settle after a crash after create", || match &settled {
            Some(Settled::Exists(object)) => {
                format!(
                    "the object that was made is told otherwise: {}",
                    differing(&created, object)
                )
            }
            Some(Settled::Unfinished(_, why)) => format!("it could not be finished: {why}"),
            _ => "the object that was made is not found".to_owned(),
        });
        self.check_count("settling", before, usize::from(!self.is_local()));
        let last = self.check_update_crash(created).await;
        self.delete("settle", last).await;
    }

    async fn check_update_crash(&mut self, created: Object) -> Object {
        let cases = self.cases;
        let Some(config) = cases.updates.first() else { return created };
        let Some(planned) = self.plan(Some(&created), config) else { return created };
        let update = self.update_request(&created, &planned, config);
        let request = SettleRequest {
            intent: update.intent.clone(),
            prior: Some(created.clone()),
            planned: planned.value,
            private: planned.private,
            age: None,
        };
        let settled = self.settle(request.clone()).await;
        self.expect(
            settled.is_none_or(|settled| is_value(&settled, &created)),
            "settle after a crash before update",
            || "the object is not said to be as it was".to_owned(),
        );
        let Ok(updated) = self.resource.update(&self.context, update).await else {
            return created;
        };
        let settled = self.settle(request).await;
        let found = settled.is_none_or(|settled| {
            is_value(&settled, &updated) || (self.is_local() && is_value(&settled, &created))
        });
        self.expect(found, "settle after a crash after update", || {
            "the object is not said to be changed".to_owned()
        });
        updated
    }
}

fn is_value(settled: &Settled, object: &Object) -> bool {
    matches!(settled, Settled::Exists(found) if found.value == object.value)
}

/// Names of the attributes that differ.
fn differing(a: &Object, b: &Object) -> String {
    let names = a.value.as_entries().into_iter().flatten().map(|(name, _)| name.as_str());
    let names: Vec<&str> = names.filter(|name| a.value.get(name) != b.value.get(name)).collect();
    format!("attributes [{}]", names.join(", "))
}
