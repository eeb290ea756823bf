//! `kubernetes_ready`: waits until a cluster is of use, and says what is missing if it does not get there.

mod judge;
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use kprov_core::value::raw_equal;
use kprov_core::{Type, Value};
use kprov_provider::{
    AttributeError, CallContext, CreateRequest, DeleteRequest, ErrorClass, Object, PlanRequest,
    PlannedObject, ProviderError, ReadRequest, Resource, SettleRequest, Settled, UpdateRequest,
    attribute, with_attributes,
};
use serde_json::Value as Json;

use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;
use crate::kind::Kind;
use crate::pace::Pace;
use crate::typed::timeout;

use judge::{Seen, Verdict, Wish, judge};
pub(crate) use schema::SCHEMA;

const LIMIT: Duration = Duration::from_secs(900);
/// Told of what is missing, at most.
const TOLD: usize = 12;

/// The type.
#[derive(Debug)]
pub(crate) struct Ready;

fn number(value: &Value, name: &str) -> usize {
    attribute(value, name).as_number().and_then(|number| number.to_usize()).unwrap_or(0)
}

fn wish(value: &Value) -> Wish {
    let selector = attribute(value, "node_selector");
    let selector = selector.as_entries().into_iter().flatten();
    Wish {
        masters: number(value, "masters"),
        nodes: number(value, "nodes"),
        selector: selector
            .filter_map(|(key, value)| Some((key.as_str().to_owned(), value.as_str()?.to_owned())))
            .collect(),
        system_pods: attribute(value, "system_pods").as_bool() == Some(true),
        master_tree: attribute(value, "master_tree").as_str().map(str::to_owned),
        node_tree: attribute(value, "node_tree").as_str().map(str::to_owned),
    }
}

fn texts(list: Vec<String>) -> Value {
    Value::list(Type::String, list.into_iter().map(Value::string).collect())
}

/// What is looked at of a cluster.
async fn look(cluster: &Cluster, wish: &Wish, namespaces: &[String]) -> Result<Seen, ApiError> {
    let mut seen = Seen::default();
    let leases = Kind::new("coordination.k8s.io/v1", "Lease", "leases", true);
    match cluster.list(&leases, Some(judge::NAMESPACE), "").await {
        Ok(leases) => seen.leases = leases,
        // Who may not see them can do without, unless masters are asked for.
        Err(error) if error.code == 403 && wish.masters == 0 => {}
        Err(error) => return Err(error),
    }
    seen.nodes = cluster.list(&Kind::new("v1", "Node", "nodes", false), None, "").await?;
    if wish.system_pods {
        let pods = Kind::new("v1", "Pod", "pods", true);
        for namespace in namespaces {
            seen.pods.extend(cluster.list(&pods, Some(namespace), "").await?);
        }
    }
    Ok(seen)
}

/// One look; `well` counts the good answers in a row.
async fn once(cluster: &Cluster, value: &Value, well: &mut usize) -> Result<Verdict, ApiError> {
    let wish = wish(value);
    let answers = number(value, "answers").max(1);
    if let Err(error) = cluster.text(&Call::get("/readyz"), Duration::ZERO).await {
        *well = 0;
        if error.code == 0 && error.class == ErrorClass::Rejected {
            return Err(error);
        }
        let missing = vec![format!("the API does not answer /readyz: {}", error.message)];
        return Ok(Verdict { missing, ..Verdict::default() });
    }
    *well += 1;
    if *well < answers {
        let missing = vec![format!("the API has answered {well} of {answers} times in a row")];
        return Ok(Verdict { missing, ..Verdict::default() });
    }
    let namespaces = attribute(value, "system_namespaces");
    let namespaces: Vec<String> = namespaces
        .as_items()
        .into_iter()
        .flatten()
        .filter_map(|item| Some(item.as_str()?.to_owned()))
        .collect();
    match look(cluster, &wish, &namespaces).await {
        Ok(seen) => Ok(judge(&wish, &seen, cluster.host.now())),
        Err(error) => Ok(Verdict { missing: vec![error.message], ..Verdict::default() }),
    }
}

async fn wait(cluster: &Cluster, value: &Value, action: &str) -> Result<Value, ProviderError> {
    let limit = timeout(value, action, LIMIT);
    let mut pace =
        Pace::new(&cluster.host, limit, Duration::from_millis(500), Duration::from_secs(4));
    let mut well = 0;
    let summary = || format!("The cluster at {} is not ready", cluster.url);
    let verdict = loop {
        let verdict =
            once(cluster, value, &mut well).await.map_err(|error| error.plain(summary()))?;
        if verdict.missing.is_empty() {
            break verdict;
        }
        if !pace.pause().await {
            return Err(ProviderError::rejected(summary(), told(limit, &verdict.missing)));
        }
    };
    let version = cluster.call(&Call::get("/version")).await;
    let version: Json = version.map_err(|error| error.plain(summary()))?;
    Ok(with_attributes(
        value,
        [
            ("id", Value::string(cluster.url.as_str())),
            ("version", Value::string(version["gitVersion"].as_str().unwrap_or("unknown"))),
            ("node_names", texts(verdict.nodes)),
            ("members", texts(verdict.members)),
        ],
    ))
}

fn told(limit: Duration, missing: &[String]) -> String {
    let mut lines: Vec<String> =
        missing.iter().take(TOLD).map(|text| format!("- {text}")).collect();
    if missing.len() > TOLD {
        lines.push(format!("- and {} more", missing.len() - TOLD));
    }
    format!(
        "After {} s:\n{}\nRun again to go on waiting, or allow more time in its \"timeouts\" block.",
        limit.as_secs(),
        lines.join("\n")
    )
}

#[async_trait]
impl Resource for Ready {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        schema::validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let Some(prior) = request.prior else { return Ok(request.proposed.clone().into()) };
        let arguments = [
            "answers",
            "masters",
            "nodes",
            "node_selector",
            "system_pods",
            "system_namespaces",
            "triggers",
            "master_tree",
            "node_tree",
        ];
        let same =
            |name: &&str| raw_equal(&attribute(prior, name), &attribute(request.proposed, name));
        if arguments.iter().all(same) {
            return Ok(request.proposed.clone().into());
        }
        let list = || Value::unknown(Type::list(Type::String));
        let outputs = [
            ("version", Value::unknown(Type::String)),
            ("node_names", list()),
            ("members", list()),
        ];
        Ok(with_attributes(request.proposed, outputs).into())
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.into_iter().map(|request| Ok(Some(request.prior))).collect()
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let value = wait(context.client::<Cluster>(), &request.planned, "create").await?;
        Ok(Object { value, private: request.private })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        if request.planned.is_wholly_known() {
            return Ok(Object { value: request.planned, private: request.private });
        }
        let value = wait(context.client::<Cluster>(), &request.planned, "update").await?;
        let id = attribute(&request.planned, "id");
        let value = if id.is_known() { with_attributes(&value, [("id", id)]) } else { value };
        Ok(Object { value, private: request.private })
    }

    async fn delete(
        &self,
        _context: &CallContext,
        _request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn settle(
        &self,
        _context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        Ok(request.prior.map_or(Settled::Absent, Settled::Exists))
    }
}
