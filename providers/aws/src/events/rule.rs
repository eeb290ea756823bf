//! `aws_cloudwatch_event_rule`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_eventbridge::types::{Rule, RuleState, Tag};
use futures::future::try_join_all;
use kprov_core::Value;

use super::{bus, is_name};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::iam::{PROPAGATION, check_arn, check_document};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

const ENABLED: &str = "ENABLED";

/// From how many rules of a bus on its list is cheaper.
const MANY: usize = 3;

#[derive(Debug)]
pub(crate) struct EventRule;

#[async_trait]
impl AwsResource for EventRule {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        names::check(problems, config, 64, is_name, "letters, digits and ._-");
        problems.needs_one(config, &["schedule_expression", "event_pattern"]);
        check_document(problems, config, "event_pattern");
        if config.text("event_pattern").is_some_and(|text| text.len() > 4096) {
            let message = "An event pattern has at most 4096 characters.";
            problems.add("event_pattern", "Value too long", message);
        }
        if let Some(text) = config.str("schedule_expression")
            && !["rate(", "cron("].iter().any(|start| text.starts_with(start))
        {
            let message =
                format!("Expected \"rate(5 minutes)\" or \"cron(0 20 * * ? *)\", not {text:?}.");
            problems.add("schedule_expression", "Invalid schedule", message);
        }
        problems.conflicts(config, &["is_enabled", "state"]);
        let enabled = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS";
        problems.one_of(config, "state", &["DISABLED", ENABLED, enabled]);
        check_arn(problems, config, "role_arn");
        if config.text("description").is_some_and(|text| text.chars().count() > 512) {
            let message = "A description has at most 512 characters.";
            problems.add("description", "Value too long", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("event_pattern");
        // The two say the same thing.
        if let Some(enabled) = plan.config.bool("is_enabled") {
            let state = if enabled { ENABLED } else { "DISABLED" };
            plan.set("state", Value::string(state));
        } else if plan.config.get("is_enabled").is_null() {
            let state = match plan.config.get("state") {
                state if state.is_null() => Value::string(ENABLED),
                state => state.clone(),
            };
            match state.as_str() {
                Some(text) => plan.set("is_enabled", Value::Bool(text != "DISABLED")),
                None => plan.unknown("is_enabled"),
            }
            plan.set("state", state);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let (bus, name) = split(prior.id());
        let key = format!("{bus}\t{name}");
        let Some((rule, tags)) = api.load("event rule", &key, rules).await? else {
            return Ok(None);
        };
        let state = rule.state().map_or(ENABLED, RuleState::as_str);
        let mut row = Row::new();
        row.set("id", prior.id())
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("event_bus_name", bus)
            .set("arn", rule.arn())
            .set("description", rule.description())
            .document("event_pattern", rule.event_pattern())
            .set("schedule_expression", rule.schedule_expression())
            .set("role_arn", rule.role_arn())
            .set("state", state)
            .set("is_enabled", state != "DISABLED")
            .tags(tags);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let planned = create.planned;
        let arn = put(api, &name, planned, Some(create.tags_with_token())).await?;
        let mut known = Row::new();
        known
            .set("name", name.as_str())
            .set("name_prefix", names::prefix(&name))
            .set("event_bus_name", bus(planned))
            .set("arn", arn);
        Ok(Made::knowing(id(bus(planned), &name), known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let own = [
            "description",
            "event_pattern",
            "schedule_expression",
            "role_arn",
            "state",
            "is_enabled",
        ];
        if !changes.any(&own) {
            return Ok(());
        }
        put(api, split(changes.id()).1, changes.planned, None).await.map(|_| ())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let (bus, name) = split(prior.id());
        let force = prior.bool("force_destroy") == Some(true);
        let delete = || {
            let call = api.events().delete_rule().name(name).event_bus_name(bus);
            call.set_force(force.then_some(true)).send()
        };
        // Targets that go at the same time may still be seen.
        let lag = |error: &AwsError| {
            error.message.contains("remove all targets")
                || error.message.contains("since it has targets")
        };
        let work = || api.call("events", "DeleteRule", delete);
        api.insist(PROPAGATION, lag, work).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let bus = bus(create.planned);
        let found = api.load("event rule", &format!("{bus}\t{name}"), rules).await?;
        let ours = found.is_some_and(|(_, tags)| {
            tags.get(OPERATION).is_some_and(|token| token == create.token)
        });
        Ok(ours.then(|| Made::id(id(bus, &name))))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let arn = object.str("arn").unwrap_or_default();
        if !removed.is_empty() {
            let call = || {
                let call = api.events().untag_resource().resource_arn(arn);
                call.set_tag_keys(Some(removed.clone())).send()
            };
            api.call("events", "UntagResource", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || {
                let call = api.events().tag_resource().resource_arn(arn);
                call.set_tags(Some(all.clone())).send()
            };
            api.call("events", "TagResource", call).await?;
        }
        Ok(())
    }
}

/// `NAME` on the default bus, `BUS/NAME` elsewhere.
fn id(bus: &str, name: &str) -> String {
    if bus == "default" { name.to_owned() } else { format!("{bus}/{name}") }
}

/// Names of buses may have slashes, names of rules have none.
fn split(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or(("default", id))
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

/// Makes or changes the rule; its ARN.
async fn put(
    api: &Api,
    name: &str,
    planned: Fields<'_>,
    all: Option<Tags>,
) -> Result<Option<String>> {
    let all = all.as_ref().map(tags);
    let state = match planned.bool("is_enabled") {
        Some(false) => Some("DISABLED"),
        _ => planned.str("state"),
    };
    let call = || {
        api.events()
            .put_rule()
            .name(name)
            .event_bus_name(bus(planned))
            .set_description(planned.string("description"))
            .set_event_pattern(planned.string("event_pattern"))
            .set_schedule_expression(planned.string("schedule_expression"))
            .set_role_arn(planned.string("role_arn"))
            .set_state(state.map(RuleState::from))
            .set_tags(all.clone())
            .send()
    };
    // A new role may not be known yet.
    let early = |error: &AwsError| error.message.contains("cannot be assumed by principal");
    let work = || api.call("events", "PutRule", call);
    let answer = api.insist(PROPAGATION, early, work).await;
    answer.map(|answer| answer.rule_arn).map_err(|error| match &*error.code {
        "InvalidEventPatternException" => error.at("event_pattern"),
        "ResourceNotFoundException" => error.at("event_bus_name"),
        _ if error.message.contains("ScheduleExpression") => error.at("schedule_expression"),
        _ => error,
    })
}

/// Rules and their tags by "BUS\tNAME". Many rules come from their bus's list; tags are told one by one.
async fn rules(api: Api, keys: Vec<String>) -> Result<Found<(Rule, Tags)>> {
    let api = &api;
    let buses: BTreeSet<&str> = keys.iter().map(|key| parts(key).0).collect();
    let many = |bus: &&&str| keys.iter().filter(|key| parts(key).0 == **bus).count() >= MANY;
    let lists = buses.iter().filter(many).map(|bus| listed(api, bus));
    let listed: Vec<Rule> = try_join_all(lists).await?.into_iter().flatten().collect();
    let listed = &listed;
    each(keys, |key| async move {
        let (bus, name) = parts(&key);
        let known = listed.iter().find(|rule| {
            rule.name() == Some(name) && rule.event_bus_name().unwrap_or("default") == bus
        });
        let rule = match known {
            Some(rule) => rule.clone(),
            None => described(api, bus, name).await?,
        };
        let arn = rule.arn().unwrap_or_default().to_owned();
        let ask = || api.events().list_tags_for_resource().resource_arn(&arn).send();
        let answer = api.call("events", "ListTagsForResource", ask).await?;
        let pairs = answer.tags().iter();
        let tags = pairs.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        Ok((rule, tags))
    })
    .await
}

fn parts(key: &str) -> (&str, &str) {
    key.split_once('\t').unwrap_or(("default", key))
}

/// All rules of a bus; none where it is not there, or may not be listed.
async fn listed(api: &Api, bus: &str) -> Result<Vec<Rule>> {
    let ask = |token| api.events().list_rules().event_bus_name(bus).set_next_token(token).send();
    let all = api.pages("events", "ListRules", ask, |answer| (answer.rules, answer.next_token));
    match all.await {
        Err(error) if error.is_not_found() || error.is(&["AccessDeniedException"]) => {
            Ok(Vec::new())
        }
        result => result,
    }
}

async fn described(api: &Api, bus: &str, name: &str) -> Result<Rule> {
    let ask = || api.events().describe_rule().name(name).event_bus_name(bus).send();
    let rule = api.call("events", "DescribeRule", ask).await?;
    Ok(Rule::builder()
        .set_name(rule.name)
        .set_arn(rule.arn)
        .set_event_pattern(rule.event_pattern)
        .set_schedule_expression(rule.schedule_expression)
        .set_state(rule.state)
        .set_description(rule.description)
        .set_role_arn(rule.role_arn)
        .set_event_bus_name(rule.event_bus_name)
        .build())
}
