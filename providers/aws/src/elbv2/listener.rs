//! `aws_lb_listener`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum as Advertise, Certificate, Listener as ElbListener,
    MutualAuthenticationAttributes, ProtocolEnum as Protocol,
};
use kprov_core::Value;
use serde_json::json;

use super::action::{check, told, wanted};
use super::{Form, GROUP, is_ours, json as attribute_json, retag, tags, tags_of};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, groups};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

const PATIENCE: Duration = Duration::from_secs(5 * 60);
const IDLE: &str = "tcp_idle_timeout_seconds";

#[derive(Debug)]
pub(crate) struct Listener;

#[async_trait]
impl AwsResource for Listener {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.in_range(config, "port", 1, 65535);
        let protocols =
            ["GENEVE", "HTTP", "HTTPS", "QUIC", "TCP", "TCP_QUIC", "TCP_UDP", "TLS", "UDP"];
        problems.one_of(config, "protocol", &protocols);
        let policies = ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];
        problems.one_of(config, "alpn_policy", &policies);
        problems.in_range(config, IDLE, 60, 6000);
        crate::iam::check_arn(problems, config, "load_balancer_arn");
        crate::iam::check_arn(problems, config, "certificate_arn");
        let secure = matches!(config.text("protocol"), Some("HTTPS" | "TLS"));
        if secure && !config.is_set("certificate_arn") {
            let message = "A listener for HTTPS or TLS needs \"certificate_arn\".";
            problems.add("certificate_arn", "Missing required argument", message);
        }
        check(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let arn = prior.id();
        let Some(listener) = api.load("listener", arn, listeners).await? else { return Ok(None) };
        let (attributes, tags) = futures::try_join!(
            api.load("listener attributes", arn, attributes),
            api.load("elbv2 tags", arn, tags_of),
        )?;
        let mut row = Row::new();
        row.set("id", arn)
            .set("arn", arn)
            .set("load_balancer_arn", listener.load_balancer_arn())
            .set("port", listener.port())
            .set("protocol", listener.protocol().map(Protocol::as_str))
            .set("ssl_policy", listener.ssl_policy())
            .set(
                "certificate_arn",
                listener.certificates().first().and_then(|it| it.certificate_arn()),
            )
            .set("alpn_policy", listener.alpn_policy().first().map(String::as_str))
            .set("default_action", told(listener.default_actions(), prior))
            .tags(tags.unwrap_or_default());
        // AWS tells of this of every secure listener; "off" is as good as none.
        let authentication = listener.mutual_authentication();
        if prior.block("mutual_authentication").is_some()
            || authentication.is_some_and(|it| it.mode().is_some_and(|mode| mode != "off"))
        {
            row.set(
                "mutual_authentication",
                Vec::from_iter(authentication.map(authentication_told)),
            );
        }
        for (key, text) in attributes.unwrap_or_default() {
            if let Some(name) = name_of(&key) {
                let form = match name.as_str() {
                    IDLE => Form::Number,
                    name if name.ends_with("_enabled") => Form::Bool,
                    _ => Form::Text,
                };
                row.set(&name, attribute_json(&text, form));
            }
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let all = tags(&create.tags_with_token());
        let make = || {
            api.elbv2()
                .create_listener()
                .set_load_balancer_arn(planned.string("load_balancer_arn"))
                .set_port(planned.i32("port"))
                .set_protocol(protocol(planned))
                .set_ssl_policy(planned.string("ssl_policy"))
                .set_certificates(certificates(planned))
                .set_alpn_policy(planned.string("alpn_policy").map(|policy| vec![policy]))
                .set_mutual_authentication(authentication(planned))
                .set_default_actions(Some(wanted(planned)))
                .set_tags(Some(all.clone()))
                .send()
        };
        let work = || api.call("elbv2", "CreateListener", make);
        let patience = planned.timeout("create", PATIENCE);
        let answer = api.insist(patience, is_early, work).await.map_err(at)?;
        let listener = answer.listeners.unwrap_or_default().into_iter().next();
        let arn = listener.as_ref().and_then(|it| it.listener_arn());
        let arn = arn.unwrap_or_default().to_owned();
        api.tell("listener", &arn, listener);
        Ok(Made::id(arn))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let listener = api.told::<ElbListener>("listener", id);
        modify_attributes(api, id, create.planned, |name| create.config.is_set(name)).await?;
        // The one attribute of TCP listeners, as planned or what AWS gives a new one. Other protocols
        // have more than we can tell.
        if let Some(listener) = listener.filter(|it| it.protocol() == Some(&Protocol::Tcp)) {
            let idle = key_of(IDLE).map(|key| (key, "350".to_owned()));
            api.tell("listener", id, Some(listener));
            api.tell("listener attributes", id, Some(super::Attributes::from_iter(idle)));
            api.tell("elbv2 tags", id, Some(create.tags_with_token()));
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let own = [
            "port",
            "protocol",
            "ssl_policy",
            "certificate_arn",
            "alpn_policy",
            "mutual_authentication",
            "default_action",
        ];
        if changes.any(&own) {
            let call = || {
                api.elbv2()
                    .modify_listener()
                    .listener_arn(id)
                    .set_port(planned.i32("port"))
                    .set_protocol(protocol(planned))
                    .set_ssl_policy(planned.string("ssl_policy"))
                    .set_certificates(certificates(planned))
                    .set_alpn_policy(planned.string("alpn_policy").map(|policy| vec![policy]))
                    .set_mutual_authentication(authentication(planned))
                    .set_default_actions(Some(wanted(planned)))
                    .send()
            };
            let work = || api.call("elbv2", "ModifyListener", call);
            let patience = planned.timeout("update", PATIENCE);
            api.insist(patience, is_early, work).await.map_err(at)?;
        }
        modify_attributes(api, id, planned, |name| changes.has(name)).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.elbv2().delete_listener().listener_arn(prior.id()).send();
        api.call("elbv2", "DeleteListener", delete).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let Some(balancer) = create.planned.str("load_balancer_arn") else { return Ok(None) };
        let ask = |marker| {
            let call = api.elbv2().describe_listeners().load_balancer_arn(balancer);
            call.set_marker(marker).send()
        };
        let all = api
            .pages("elbv2", "DescribeListeners", ask, |answer| {
                (answer.listeners, answer.next_marker)
            })
            .await;
        let all = match all {
            Err(error) if error.is_not_found() => return Ok(None),
            all => all?,
        };
        let port = create.planned.i32("port");
        for arn in all.iter().filter(|it| it.port() == port).filter_map(|it| it.listener_arn()) {
            if is_ours(api, arn, create.token).await? {
                return Ok(Some(Made::id(arn)));
            }
        }
        Ok(None)
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        retag(api, object.id(), removed, written).await
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("arn:") && id.contains(":listener/") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the ARN of a listener, not {id:?}.")),
        }
    }
}

fn at(error: AwsError) -> AwsError {
    match &*error.code {
        "DuplicateListener" => error.at("port"),
        "LoadBalancerNotFound" => error.at("load_balancer_arn"),
        "TargetGroupNotFound" | "IncompatibleProtocols" | "TargetGroupAssociationLimit" => {
            error.at("default_action")
        }
        "CertificateNotFound" => error.at("certificate_arn"),
        "SSLPolicyNotFound" => error.at("ssl_policy"),
        _ => error,
    }
}

/// Application load balancers need a protocol: HTTP unless there is a certificate.
fn protocol(planned: Fields<'_>) -> Option<Protocol> {
    let application = planned.str("load_balancer_arn").is_some_and(|arn| arn.contains("/app/"));
    let default = if planned.str("certificate_arn").is_some() { "HTTPS" } else { "HTTP" };
    planned.str("protocol").or(application.then_some(default)).map(Protocol::from)
}

fn certificates(planned: Fields<'_>) -> Option<Vec<Certificate>> {
    let arn = planned.str("certificate_arn")?;
    Some(vec![Certificate::builder().certificate_arn(arn).build()])
}

fn authentication(planned: Fields<'_>) -> Option<MutualAuthenticationAttributes> {
    let block = planned.block("mutual_authentication")?;
    let verify = block.str("mode") == Some("verify");
    let of = MutualAuthenticationAttributes::builder().set_mode(block.string("mode"));
    Some(match verify {
        false => of.build(),
        true => of
            .set_trust_store_arn(block.string("trust_store_arn"))
            .set_ignore_client_certificate_expiry(block.bool("ignore_client_certificate_expiry"))
            .set_advertise_trust_store_ca_names(
                block.str("advertise_trust_store_ca_names").map(Advertise::from),
            )
            .build(),
    })
}

fn authentication_told(it: &MutualAuthenticationAttributes) -> serde_json::Value {
    json!({
        "mode": it.mode(),
        "trust_store_arn": it.trust_store_arn(),
        "ignore_client_certificate_expiry": it.ignore_client_certificate_expiry(),
        "advertise_trust_store_ca_names":
            it.advertise_trust_store_ca_names().map_or("", Advertise::as_str),
    })
}

/// The API's key of an attribute: `routing_http_response_server_enabled` is
/// `routing.http.response.server.enabled`.
fn key_of(name: &str) -> Option<String> {
    if name == IDLE {
        return Some("tcp.idle_timeout.seconds".to_owned());
    }
    let rest = name.strip_prefix("routing_http_")?;
    let (side, rest) = rest.split_once('_')?;
    let ends = ["header_name", "header_value", "enabled"];
    let (what, end) =
        ends.into_iter().find_map(|end| Some((rest.strip_suffix(end)?.strip_suffix('_')?, end)))?;
    Some(format!("routing.http.{side}.{what}.{end}"))
}

fn name_of(key: &str) -> Option<String> {
    match key {
        "tcp.idle_timeout.seconds" => Some(IDLE.to_owned()),
        _ if key.starts_with("routing.http.") => Some(key.replace('.', "_")),
        _ => None,
    }
}

async fn modify_attributes(
    api: &Api,
    arn: &str,
    object: Fields<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    let entries = object.0.as_entries().into_iter().flatten();
    let all: Vec<(String, String)> = entries
        .filter(|(name, _)| wanted(name.as_str()))
        .filter_map(|(name, value)| {
            let text = match value {
                Value::Bool(truth) => truth.to_string(),
                Value::Number(number) => number.to_string(),
                value => value.as_str()?.to_owned(),
            };
            Some((key_of(name.as_str())?, text))
        })
        .collect();
    write_attributes!(
        api,
        arn,
        all,
        ListenerAttribute,
        modify_listener_attributes.listener_arn,
        "ModifyListenerAttributes"
    )
}

/// May a certificate be so new that the load balancer does not know it?
fn is_early(error: &AwsError) -> bool {
    error.is(&["CertificateNotFound"])
}

/// Listeners by ARN.
async fn listeners(api: Api, arns: Vec<String>) -> Result<Found<ElbListener>> {
    let api = &api;
    groups(arns, GROUP, |group| async move {
        let ask = || api.elbv2().describe_listeners().set_listener_arns(Some(group.clone())).send();
        let answer = api.call("elbv2", "DescribeListeners", ask).await?;
        let all = answer.listeners.unwrap_or_default().into_iter();
        Ok(all.filter_map(|it| Some((it.listener_arn.clone()?, it))).collect())
    })
    .await
}

loader_of_attributes!(describe_listener_attributes, listener_arn, "DescribeListenerAttributes");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_from_names_and_back() {
        for name in [
            IDLE,
            "routing_http_response_server_enabled",
            "routing_http_request_x_amzn_mtls_clientcert_header_name",
            "routing_http_response_access_control_allow_origin_header_value",
        ] {
            assert_eq!(key_of(name).as_deref().and_then(name_of).as_deref(), Some(name));
        }
        assert_eq!(
            key_of("routing_http_request_x_amzn_tls_version_header_name").as_deref(),
            Some("routing.http.request.x_amzn_tls_version.header_name")
        );
        assert_eq!((key_of("port"), name_of("other.key")), (None, None));
    }
}
