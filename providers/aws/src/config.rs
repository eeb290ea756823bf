//! The `provider` block: from attributes, environment and shared files to an [`Api`]'s settings.
//!
//! What the block says wins over the environment, and that over files. No call to AWS is made here
//! but those that credentials take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use kprov_core::{Host, Path, Value};
use kprov_provider::{AttributeError, ProviderError};

use crate::Transport;
use crate::airborne::airborne;
use crate::api::{AccountRules, Settings};
use crate::credentials::{self, SUMMARY};
use crate::data::region::is_region;
use crate::fields::{Fields, Problems, parse_duration};
use crate::shared_files::{check_profile, files};
use crate::tags::TagRules;

/// hashicorp/aws's default.
const MAX_RETRIES: u32 = 25;

/// Checks the block without a call.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let config = Fields(config);
    let mut problems = Problems::default();
    for (one, other) in [("access_key", "secret_key"), ("secret_key", "access_key")] {
        if config.is_set(one) && !config.is_set(other) {
            let message = format!("{one:?} is set, so {other:?} must be set too.");
            problems.add(other, "Missing credentials", message);
        }
    }
    let sets = ["allowed_account_ids", "forbidden_account_ids"];
    problems.conflicts(config, &sets);
    let ids =
        sets.iter().flat_map(|name| config.strings(name).into_iter().map(move |id| (*name, id)));
    let expected = config.string("expected_account_id").map(|id| ("expected_account_id", id));
    for (name, id) in ids.chain(expected) {
        if id.len() != 12 || !id.chars().all(|c| c.is_ascii_digit()) {
            problems.add(name, "Invalid account id", format!("{id:?} is not 12 digits."));
        }
    }
    check_region(config, &mut problems);
    problems.in_range(config, "max_retries", 0, 1000);
    problems.one_of(config, "retry_mode", &["standard", "adaptive"]);
    if config.bool("insecure") == Some(true) {
        let message = "kprov always checks certificates; use \"custom_ca_bundle\" for your own.";
        problems.add("insecure", "Not supported", message);
    }
    problems.0
}

/// A region that nobody knows has no endpoint; better said now than as a name that does not resolve.
fn check_region(config: Fields<'_>, problems: &mut Problems) {
    let Some(region) = config.str("region") else { return };
    let skipped = config.bool("skip_region_validation") != Some(false)
        && config.is_set("skip_region_validation");
    if skipped || config.is_given("endpoints") || is_region(region) {
        return;
    }
    let message = format!(
        "{region:?} is no AWS region known here. Correct it, or set \"skip_region_validation\" if \
         it is a new one."
    );
    problems.add("region", "Invalid AWS region", message);
}

/// Settings of an [`crate::api::Api`].
///
/// # Errors
/// Where something is missing or cannot be read, with the attribute.
pub(crate) async fn load(
    config: &Value,
    host: &Arc<dyn Host>,
    transport: &Transport,
) -> Result<Settings, ProviderError> {
    let config = Fields(config);
    let base = base(config, host, transport).await?;
    let region = base.region().map(|region| region.as_ref().to_owned()).ok_or_else(|| {
        ProviderError::rejected(
            SUMMARY,
            "No AWS region is set. Set \"region\" in the provider block, or AWS_REGION.",
        )
        .at(Path::attribute("region"))
    })?;
    let endpoints = endpoints(config, host, &base);
    let sdk = credentials::fetched(config, assume(config, &endpoints, base).await?).await?;
    Ok(Settings {
        sdk,
        region,
        max_retries: config.i64("max_retries").map_or(MAX_RETRIES, |n| n.clamp(0, 1000) as u32),
        s3_path_style: config.bool("s3_use_path_style").unwrap_or(false),
        accounts: AccountRules {
            allowed: config.strings("allowed_account_ids"),
            forbidden: config.strings("forbidden_account_ids"),
            expected: config.string("expected_account_id"),
        },
        tags: TagRules::of(config),
        endpoints,
    })
}

/// Region, credentials before any role, transport.
async fn base(
    config: Fields<'_>,
    host: &Arc<dyn Host>,
    transport: &Transport,
) -> Result<SdkConfig, ProviderError> {
    let http = transport.http(config)?;
    // Retries are ours (api/retry.rs): they know which calls may be repeated.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .sleep_impl(transport.sleep.clone())
        .time_source(transport.time.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(Duration::from_secs(60))
                .build(),
        );
    let env = |name: &str| host.env(name).filter(|text| !text.is_empty());
    let region =
        config.string("region").or_else(|| env("AWS_REGION")).or_else(|| env("AWS_DEFAULT_REGION"));
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    let airborne = airborne(config, host.as_ref());
    if airborne.is_none() {
        let files = files(config);
        let keys = config.is_set("access_key") || env("AWS_ACCESS_KEY_ID").is_some();
        let meant = env("AWS_PROFILE").filter(|_| !keys);
        if let Some(profile) = config.string("profile").or(meant) {
            check_profile(&profile, &files).await?;
            loader = loader.profile_name(profile);
        }
        loader = loader.profile_files(files);
    }
    for (name, set) in [
        ("use_fips_endpoint", ConfigLoader::use_fips as fn(ConfigLoader, bool) -> ConfigLoader),
        ("use_dualstack_endpoint", ConfigLoader::use_dual_stack),
    ] {
        if let Some(truth) = config.bool(name) {
            loader = set(loader, truth);
        }
    }
    if let Some(airborne) = airborne {
        let keys = Credentials::new(airborne.access_key, "airplane", None, None, "airplane");
        return Ok(loader.credentials_provider(keys).load().await);
    }
    let keys = match (config.string("access_key"), config.string("secret_key")) {
        (Some(key), Some(secret)) => Some((key, secret, config.string("token"))),
        // A profile that the block names wins over keys of the environment.
        _ if config.str("profile").is_some() => None,
        _ => env("AWS_ACCESS_KEY_ID")
            .zip(env("AWS_SECRET_ACCESS_KEY"))
            .map(|(key, secret)| (key, secret, env("AWS_SESSION_TOKEN"))),
    };
    if let Some((key, secret, token)) = keys {
        loader = loader.credentials_provider(Credentials::new(key, secret, token, None, "kprov"));
    }
    Ok(loader.load().await)
}

/// How services are named in `endpoints` and in AWS_ENDPOINT_URL_*, by our name of their client.
const SERVICES: &[(&str, &[&str], &str)] = &[
    ("autoscaling", &["autoscaling"], "AUTO_SCALING"),
    ("ec2", &["ec2"], "EC2"),
    ("ecr", &["ecr"], "ECR"),
    ("elbv2", &["elbv2", "elasticloadbalancingv2", "elb"], "ELASTIC_LOAD_BALANCING_V2"),
    ("events", &["events", "eventbridge", "cloudwatchevents"], "EVENTBRIDGE"),
    ("iam", &["iam"], "IAM"),
    ("kms", &["kms"], "KMS"),
    ("route53", &["route53"], "ROUTE_53"),
    ("s3", &["s3", "s3api"], "S3"),
    ("sqs", &["sqs"], "SQS"),
    ("ssm", &["ssm"], "SSM"),
    ("sts", &["sts"], "STS"),
];

/// Endpoints by our service names; "" for all others.
fn endpoints(
    config: Fields<'_>,
    host: &Arc<dyn Host>,
    base: &SdkConfig,
) -> BTreeMap<String, String> {
    if let Some(airborne) = airborne(config, host.as_ref()) {
        return [(String::new(), airborne.endpoint)].into();
    }
    let mut found = BTreeMap::new();
    let env = |name: &str| host.env(name).filter(|text| !text.is_empty());
    for (service, names, variable) in SERVICES {
        let blocks = || config.blocks("endpoints");
        let configured =
            names.iter().find_map(|name| blocks().find_map(|block| block.string(name)));
        if let Some(url) = configured.or_else(|| env(&format!("AWS_ENDPOINT_URL_{variable}"))) {
            found.insert((*service).to_owned(), url);
        }
    }
    let all = env("AWS_ENDPOINT_URL").or_else(|| base.endpoint_url().map(str::to_owned));
    found.extend(all.map(|url| (String::new(), url)));
    found
}

/// The roles to assume, each from the one before.
async fn assume(
    config: Fields<'_>,
    endpoints: &BTreeMap<String, String>,
    mut sdk: SdkConfig,
) -> Result<SdkConfig, ProviderError> {
    let sts = |sdk: &SdkConfig| {
        let mut builder = sdk.to_builder();
        if let Some(url) = endpoints.get("sts").or_else(|| endpoints.get("")) {
            builder = builder.endpoint_url(url);
        }
        if let Some(region) = config.string("sts_region") {
            builder = builder.region(Region::new(region));
        }
        builder.build()
    };
    if let Some(block) = config.block("assume_role_with_web_identity")
        && block.str("role_arn").is_some()
    {
        let provider = web_identity(block, &sts(&sdk))?;
        sdk = sdk.into_builder().credentials_provider(provider).build();
    }
    for block in config.blocks("assume_role") {
        let Some(role) = block.str("role_arn") else { continue };
        let mut builder = AssumeRoleProvider::builder(role).configure(&sts(&sdk));
        builder = builder.session_name(block.str("session_name").unwrap_or("kprov"));
        if let Some(id) = block.str("external_id") {
            builder = builder.external_id(id);
        }
        if let Some(policy) = block.str("policy") {
            builder = builder.policy(policy);
        }
        if let Some(arns) = block.some_strings("policy_arns") {
            builder = builder.policy_arns(arns);
        }
        if let Some(length) = block.str("duration").and_then(parse_duration) {
            builder = builder.session_length(length);
        }
        let tags = block.map("tags");
        if !tags.is_empty() {
            builder = builder.tags(tags);
        }
        let provider = builder.build().await;
        let provider = SharedCredentialsProvider::new(provider);
        sdk = sdk.into_builder().credentials_provider(provider).build();
    }
    Ok(sdk)
}

/// Credentials of a role for a token from elsewhere.
fn web_identity(
    block: Fields<'_>,
    sdk: &SdkConfig,
) -> Result<SharedCredentialsProvider, ProviderError> {
    let role_arn = block.string("role_arn").unwrap_or_default();
    let missing = || {
        ProviderError::rejected(
            SUMMARY,
            "Set \"web_identity_token_file\" or \"web_identity_token\".",
        )
        .at(Path::attribute("assume_role_with_web_identity"))
    };
    let (token, file) =
        (block.string("web_identity_token"), block.string("web_identity_token_file"));
    if token.is_none() && file.is_none() {
        return Err(missing());
    }
    Ok(SharedCredentialsProvider::new(crate::web_identity::WebIdentity {
        sts: aws_sdk_sts::Client::new(sdk),
        role_arn,
        session_name: block.string("session_name").unwrap_or_else(|| "kprov".to_owned()),
        token,
        file,
        policy: block.string("policy"),
        seconds: block.str("duration").and_then(parse_duration).map(|d| d.as_secs() as i32),
    }))
}
