//! [`Adapter`]: an [`AwsResource`] as the engine's [`Resource`].

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use kprov_core::{Type, Value};
use kprov_provider::rotation::MemberGroups;
use kprov_provider::{
    AttributeError, Block, CallContext, CreateRequest, DeleteRequest, ErrorClass, Imported, Object,
    PlanRequest, PlannedObject, ProviderError, ReadRequest, Resource, SettleRequest, Settled,
    UpdateRequest, with_attributes,
};

use super::blame::blame;
use super::plan::{Plan, differing};
use super::write::{Changes, until_next};
use super::{AwsResource, Create, Made, Tagging};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::row::{Row, fill, nothing, open};
use crate::tags::Tags;

/// How long after its use a token whose object is not found may still turn up.
const UNSETTLED: Duration = Duration::from_secs(30);

/// The same, of a create of another process, by how long ago its intent was recorded.
const FORGOTTEN: Duration = Duration::from_secs(15);

/// The moments at which what is not there is looked for again before it is taken for gone.
const AGAIN: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3)];

/// A type with its name.
#[derive(Debug)]
pub(crate) struct Adapter<T> {
    /// `aws_vpc`
    pub(crate) name: &'static str,
    /// Its code.
    pub(crate) inner: T,
}

type Result<T> = std::result::Result<T, ProviderError>;

impl<T: AwsResource> Adapter<T> {
    fn block(&self) -> &'static Block {
        let schema = crate::SCHEMA.resources.get(self.name);
        &schema.expect("invariant: a type with code has a schema").schema.block
    }

    /// AWS in the region of that object.
    fn api(&self, context: &CallContext, object: &Value) -> Api {
        let api = context.client::<Api>();
        Fields(object).str("region").map_or_else(|| api.clone(), |region| api.at(region))
    }

    /// The constant phrase of an error.
    fn summary(&self, what: &str) -> String {
        format!("Cannot {what} {}", self.name)
    }

    /// The row over what was known, with region and tags.
    fn value(&self, api: &Api, row: &Row, base: &Value) -> Result<Value> {
        let block = self.block();
        let broken = |error: String| {
            let message = format!("AWS's answer does not fit the schema: {error}");
            ProviderError::ambiguous(self.summary("understand"), message)
        };
        let value = row.onto(block, base).map_err(broken)?;
        let mut more: Vec<(&str, Value)> = Vec::new();
        if block.attributes.contains_key("region") {
            more.push(("region", Value::string(api.region())));
        }
        if let Some(tags) = row.all_tags()
            && block.attributes.contains_key("tags")
        {
            let before = Fields(base).get("tags");
            let unknown = Value::Null(Type::map(Type::String));
            let before = if before.is_known() { before } else { &unknown };
            let (own, all) = api.tag_rules().shown(tags, before);
            more.push(("tags", own));
            if block.attributes.contains_key("tags_all") {
                more.push(("tags_all", all));
            }
        }
        Ok(with_attributes(&value, more))
    }

    /// A create does not wait until its object is seen by all, so one look that finds nothing is not
    /// enough to say that it is gone: a run that follows at once would make it again.
    async fn read_surely(
        &self,
        context: &CallContext,
        known: &Value,
        base: &Value,
    ) -> Result<Option<Value>> {
        let mut value = self.read_over(context, known, base).await?;
        let api = context.client::<Api>();
        for pause in AGAIN {
            if value.is_some() {
                break;
            }
            // All that are missing are looked for together.
            api.sleep(until_next(api.now(), pause)).await;
            value = self.read_over(context, known, base).await?;
        }
        Ok(value)
    }

    async fn read_one(&self, context: &CallContext, prior: Object) -> Result<Option<Object>> {
        let value = self.read_surely(context, &prior.value, &prior.value).await?;
        Ok(value.map(|value| Object { value, private: prior.private }))
    }

    /// Reads what `known` tells, laid over `base`.
    async fn read_over(
        &self,
        context: &CallContext,
        known: &Value,
        base: &Value,
    ) -> Result<Option<Value>> {
        let api = self.api(context, known);
        match self.inner.read(&api, Fields(known)).await {
            Ok(Some(row)) => self.value(&api, &row, base).map(Some),
            Ok(None) => Ok(None),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.provider(self.summary("read"))),
        }
    }

    /// `planned` with what it needs to be read: the id and what else tells it.
    pub(super) fn identified(
        &self,
        planned: &Value,
        made: &Made,
    ) -> std::result::Result<Value, String> {
        let mut row = made.known.clone();
        row.set("id", made.id.as_str());
        row.onto(self.block(), planned)
    }

    fn unidentified(&self, error: String) -> ProviderError {
        ProviderError::ambiguous(self.summary("identify"), error)
    }

    /// The object that was made, as planned and with the rest as AWS says.
    async fn made(&self, api: &Api, planned: &Value, made: Made) -> Result<Object> {
        let identified = self.identified(planned, &made);
        let identified = identified.map_err(|error| self.unidentified(error))?;
        let row = match is_told(planned, &made.known) {
            true => {
                let mut row = made.known;
                row.set("id", made.id);
                row
            }
            false => self
                .read_back(api, Fields(&identified))
                .await
                .map_err(|error| error.provider(self.summary("read back")))?,
        };
        let value = self.value(api, &row, planned)?;
        Ok(fill(planned, &value).into())
    }

    /// tags_all as it shall be; known at apply.
    fn tags(&self, api: &Api, planned: Fields<'_>) -> Tags {
        if self.inner.tagging() == Tagging::None {
            return Tags::new();
        }
        api.tag_rules().all(&planned.map("tags"))
    }

    async fn settle_create(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled> {
        let planned = request.planned;
        let api = self.api(context, &planned);
        let tags = self.tags(&api, Fields(&planned));
        let create = Create {
            planned: Fields(&planned),
            config: Fields(&planned),
            token: &request.intent.token,
            tags: &tags,
        };
        let fail = |error: AwsError| error.provider(self.summary("settle"));
        let mut found = self.find(&api, create).await.map_err(fail)?;
        let mut tries = 1;
        let start = api.now();
        let may_turn_up = || match (api.token_used(create.token), request.age) {
            (Some(used), _) => api.since(used) < UNSETTLED,
            (None, Some(age)) => age + api.since(start) < FORGOTTEN,
            (None, None) => false,
        };
        // A create whose answer was lost a moment ago may not be visible yet.
        while found.is_none() && may_turn_up() {
            api.pause(tries + 2).await;
            tries += 1;
            found = self.find(&api, create).await.map_err(fail)?;
        }
        let Some(made) = found else { return Ok(Settled::Absent) };
        let identified = self.identified(&planned, &made);
        let identified = identified.map_err(|error| self.unidentified(error))?;
        // Tags outlive their objects: what is not there needs no finishing.
        if self.read_found(&api, Fields(&identified)).await.map_err(fail)?.is_none() {
            return Ok(Settled::Absent);
        }
        let unfinished = self.finish(&api, &made, create).await.map_err(fail)?;
        let Some(row) = self.read_found(&api, Fields(&identified)).await.map_err(fail)? else {
            return Ok(Settled::Absent);
        };
        // As after a create: what was left open is as AWS says, also where that is nothing.
        let value = self.value(&api, &row, &planned)?;
        Ok(settled(Object { value, private: request.private }, unfinished, self.summary("create")))
    }

    /// What became of an update. Of what AWS does not tell (the content of an object), what it tells
    /// must do: where an attribute that the update was to change has changed, it took effect.
    async fn settle_update(
        &self,
        context: &CallContext,
        prior: Object,
        planned: &Value,
    ) -> Result<Settled> {
        let before = &prior.value;
        let known = fill(planned, before);
        let exists = |value| Settled::Exists(Object { value, private: prior.private.clone() });
        if let Some(now) = self.read_over(context, before, before).await?
            && !self.took_effect(before, planned, &now, |_, _| true)
        {
            // Who does not know what was asked for may not see it (a refresh that is under way).
            let told = self.read_over(context, &known, before).await?;
            let as_planned = |wanted: &Value, now: &Value| fill(wanted, now) == *now;
            let told = told.filter(|told| self.took_effect(before, planned, told, as_planned));
            if planned.is_null() || told.is_none() {
                return Ok(exists(now));
            }
        }
        // The update may also have changed by what the object is found.
        Ok(self.read_over(context, &known, planned).await?.map_or(Settled::Absent, exists))
    }

    /// Has an attribute that was to change changed, and is it now `as_planned`?
    fn took_effect(
        &self,
        before: &Value,
        planned: &Value,
        now: &Value,
        as_planned: impl Fn(&Value, &Value) -> bool,
    ) -> bool {
        let block = self.block();
        block.attributes.keys().chain(block.blocks.keys()).any(|name| {
            let (old, wanted, now) = (before.get(name), planned.get(name), now.get(name));
            let fits = || wanted.zip(now).is_some_and(|(wanted, now)| as_planned(wanted, now));
            wanted != old && now != old && fits()
        })
    }
}

#[async_trait]
impl<T: AwsResource> Resource for Adapter<T> {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Problems::default();
        problems.timeouts(Fields(config));
        self.inner.validate(Fields(config), &mut problems);
        problems.0
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject> {
        let mut plan = Plan::new(self.block(), &request);
        plan.plan_common(request.provider, self.inner.tagging());
        self.inner.plan(&mut plan);
        let mut planned = plan.finish();
        planned.private = request.private.to_vec();
        Ok(planned)
    }

    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        self.inner.member_groups()
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>>> {
        join_all(requests.into_iter().map(|request| self.read_one(context, request.prior))).await
    }

    async fn create(&self, context: &CallContext, request: CreateRequest) -> Result<Object> {
        let planned = request.planned;
        let api = self.api(context, &planned).listening();
        let tags = self.tags(&api, Fields(&planned));
        let create = Create {
            planned: Fields(&planned),
            config: Fields(&request.config),
            token: &request.intent.token,
            tags: &tags,
        };
        let made = self.make(&api, create).await;
        let fail = |error| blame(Fields(&request.config), error).provider(self.summary("create"));
        let made = made.map_err(fail)?;
        let object = self.made(&api, &planned, made).await.map_err(|mut error| {
            error.class = ErrorClass::Ambiguous;
            error
        })?;
        Ok(Object { private: request.private, ..object })
    }

    async fn update(&self, context: &CallContext, request: UpdateRequest) -> Result<Object> {
        let (prior, planned) = (&request.prior.value, &request.planned);
        let api = self.api(context, prior);
        let config = Fields(&request.config);
        let fail = |error: AwsError| blame(config, error).provider(self.summary("update"));
        let names = differing(self.block(), Fields(prior), Fields(planned));
        let changes = Changes {
            prior: Fields(prior),
            planned: Fields(planned),
            config: Fields(&request.config),
            names: &names,
        };
        if !names.is_empty() {
            let updated = self.inner.update(&api, changes).await;
            updated.map_err(|error| api.conclude(&request.intent.token, error)).map_err(fail)?;
        }
        let (old, new) = (Fields(prior).map("tags_all"), self.tags(&api, Fields(planned)));
        let tagged = self.retag(&api, Fields(prior), &old, &new).await;
        tagged
            .map_err(|error| if names.is_empty() { error } else { error.after_effect() })
            .map_err(fail)?;
        if planned.is_wholly_known() {
            return Ok(Object { value: planned.clone(), private: request.private });
        }
        // As planned, because the update may have changed by what the object is found.
        let now = fill(planned, prior);
        let row = self.read_back(&api, Fields(&now)).await.map_err(fail)?;
        let value = fill(planned, &self.value(&api, &row, planned)?);
        Ok(Object { value, private: request.private })
    }

    async fn delete(&self, context: &CallContext, request: DeleteRequest) -> Result<()> {
        let prior = &request.prior.value;
        let api = self.api(context, prior);
        let removed = self.remove(&api, Fields(prior)).await;
        removed.map_err(|error| error.provider(self.summary("delete")))?;
        api.unmade(Fields(prior).id());
        Ok(())
    }

    async fn settle(&self, context: &CallContext, request: SettleRequest) -> Result<Settled> {
        match request.prior {
            None => self.settle_create(context, request).await,
            Some(prior) => {
                let concluded = self.api(context, &prior.value).concluded(&request.intent.token);
                Ok(match self.settle_update(context, prior, &request.planned).await? {
                    Settled::Exists(object) => settled(object, concluded, self.summary("update")),
                    other => other,
                })
            }
        }
    }

    async fn import(&self, context: &CallContext, id: &str) -> Result<Imported> {
        let refuse = |message: String| ProviderError::rejected(self.summary("import"), message);
        let empty = nothing(self.block());
        // As of 6.x, `ID@REGION` names an object in another region.
        let (plain, region) = match id.rsplit_once('@') {
            Some((plain, region)) if is_region(region) => (plain, Some(region)),
            _ => (id, None),
        };
        let mut known = self.inner.import(plain).map_err(refuse)?;
        known.extend(region.map(|region| ("region", Value::string(region))));
        // As in a new object, what AWS chooses is open until it says, however little it says.
        let base = with_attributes(&open(self.block()), known.clone());
        let known = with_attributes(&empty, known);
        match self.read_surely(context, &known, &base).await? {
            Some(value) => Ok(Imported { object: value.into() }),
            None => Err(refuse(format!(
                "There is no such object: {id:?}. Check the id, the region and the account."
            ))),
        }
    }
}

/// Is what the plan left open known without a look? What it did not leave open stays as planned.
fn is_told(planned: &Value, known: &Row) -> bool {
    let open = planned.as_entries().into_iter().flatten();
    let mut open =
        open.filter(|(_, value)| !value.is_wholly_known()).map(|(name, _)| name.as_str());
    open.all(|name| matches!(name, "id" | "region") || known.has(name))
}

fn settled(object: Object, unfinished: Option<AwsError>, summary: String) -> Settled {
    match unfinished {
        Some(error) => Settled::Unfinished(object, error.provider(summary)),
        None => Settled::Exists(object),
    }
}

/// `us-east-1`, `us-gov-west-1`
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()))
        && parts.last().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()))
}
