//! What a call reaches, as policies say it: which actions on which resources it needs, and the condition keys that are known
//! of it. An action whose resources are not told here is on `*`, as actions that list things are.
use super::ServiceId;
use super::iam::authorization::Need;
use crate::around::call::Call;
use crate::world::scope::Scope;

/// What a call needs to be allowed; all of it.
pub(crate) fn needs(call: &mut Call<'_>) -> Vec<Need> {
    let resources = match call.service {
        ServiceId::S3 => return s3(call),
        ServiceId::Ssm => ssm(call),
        ServiceId::Ec2 => ec2(call),
        ServiceId::Autoscaling => autoscaling(call),
        ServiceId::Elbv2 => given(call, &["LoadBalancerArn", "TargetGroupArn", "ListenerArn"]),
        ServiceId::Kms => kms(call),
        ServiceId::Sqs => sqs(call),
        ServiceId::Route53 => hosted_zone(call),
        // Whoever has keys may ask whose they are; who may assume a role, its trust policy says.
        ServiceId::Sts => return Vec::new(),
        ServiceId::Iam | ServiceId::Events | ServiceId::Ecr => Vec::new(),
    };
    let service = match call.service {
        ServiceId::Elbv2 => "elasticloadbalancing",
        service => service.name(),
    };
    let action = format!("{service}:{}", call.action);
    let all = if resources.is_empty() { vec!["*".to_owned()] } else { resources };
    let own = all.into_iter().map(|resource| Need { action: action.clone(), resource });
    own.chain(decryption(call)).collect()
}

// Who reads secrets in the clear uses the keys that they are encrypted with.
fn decryption(call: &mut Call<'_>) -> Vec<Need> {
    if call.service != ServiceId::Ssm || call.opt_bool("WithDecryption") != Some(true) {
        return Vec::new();
    }
    let mut names = given(call, &["Name"]);
    names.extend(call.strings("Names"));
    let path = call.opt_str("Path");
    let keys = super::ssm::keys_of(call, &names, path.as_deref());
    let arns = keys.into_iter().map(|key| super::kms::arn_of(call, &key).unwrap_or(key));
    arns.map(|resource| Need { action: "kms:Decrypt".to_owned(), resource }).collect()
}

fn given(call: &Call<'_>, members: &[&str]) -> Vec<String> {
    members.iter().filter_map(|member| call.opt_str(member)).collect()
}

// The members that name parameters or, as prefixes, paths of them.
fn ssm(call: &mut Call<'_>) -> Vec<String> {
    if call.action.starts_with("Describe") {
        return Vec::new();
    }
    let mut names = given(call, &["Name", "Path", "ResourceId"]);
    names.extend(call.strings("Names"));
    let arn = |name: &String| {
        // A selector is none of the name; an ARN says it all.
        if name.starts_with("arn:") {
            return name.clone();
        }
        let name = name.split(':').next().unwrap_or_default().trim_start_matches('/');
        call.arn("ssm", &format!("parameter/{name}"))
    };
    names.iter().map(arn).collect()
}

fn s3(call: &Call<'_>) -> Vec<Need> {
    let bucket = call.str("Bucket");
    let bucket_arn = format!("arn:aws:s3:::{bucket}");
    let need = |action: &str, resource: String| Need { action: format!("s3:{action}"), resource };
    let object = |key: &str| format!("{bucket_arn}/{key}");
    let version = if call.get("VersionId").is_some() { "Version" } else { "" };
    let key = call.str("Key");
    match call.action {
        "ListBuckets" => vec![need("ListAllMyBuckets", "*".to_owned())],
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => vec![need("ListBucket", bucket_arn)],
        "ListObjectVersions" => vec![need("ListBucketVersions", bucket_arn)],
        "GetObject" | "HeadObject" => vec![need(&format!("GetObject{version}"), object(&key))],
        "DeleteObject" => vec![need(&format!("DeleteObject{version}"), object(&key))],
        "DeleteObjects" => {
            let objects = call.get("Delete").and_then(|delete| delete["Objects"].as_array());
            let keys = objects.into_iter().flatten().filter_map(|one| one["Key"].as_str());
            keys.map(|key| need("DeleteObject", object(key))).collect()
        }
        "CopyObject" => {
            let source = call.str("CopySource");
            let source = source.trim_start_matches('/').split('?').next().unwrap_or_default();
            let source = format!("arn:aws:s3:::{source}");
            vec![need("GetObject", source), need("PutObject", object(&key))]
        }
        "GetBucketEncryption" => vec![need("GetEncryptionConfiguration", bucket_arn)],
        "PutBucketEncryption" | "DeleteBucketEncryption" => {
            vec![need("PutEncryptionConfiguration", bucket_arn)]
        }
        action if !key.is_empty() => vec![need(action, object(&key))],
        action => vec![need(action, bucket_arn)],
    }
}

fn ec2(call: &mut Call<'_>) -> Vec<String> {
    if call.action.starts_with("Describe") {
        return Vec::new();
    }
    let mut ids = call.strings("InstanceIds");
    ids.extend(call.strings("Resources"));
    ids.extend(given(call, &["InstanceId", "VolumeId", "NetworkInterfaceId", "SnapshotId"]));
    let arn = |id: &String| {
        let kind = super::ec2::kinds::of(id).map_or("instance", |kind| kind.resource_type);
        call.arn("ec2", &format!("{kind}/{id}"))
    };
    ids.iter().map(arn).collect()
}

fn autoscaling(call: &mut Call<'_>) -> Vec<String> {
    if call.action.starts_with("Describe") {
        return Vec::new();
    }
    let (group, instance) = (call.opt_str("AutoScalingGroupName"), call.opt_str("InstanceId"));
    super::autoscaling::arn_of(call, group.as_deref(), instance.as_deref()).into_iter().collect()
}

fn kms(call: &mut Call<'_>) -> Vec<String> {
    let Some(wanted) = call.opt_str("KeyId") else { return Vec::new() };
    vec![super::kms::arn_of(call, &wanted).unwrap_or(wanted)]
}

fn sqs(call: &mut Call<'_>) -> Vec<String> {
    let url = call.opt_str("QueueUrl");
    let name = url.as_deref().and_then(|url| url.rsplit('/').next()).map(str::to_owned);
    name.or_else(|| call.opt_str("QueueName"))
        .map(|name| call.arn("sqs", &name))
        .into_iter()
        .collect()
}

fn hosted_zone(call: &mut Call<'_>) -> Vec<String> {
    let id = call.opt_str("HostedZoneId").or_else(|| call.opt_str("Id"));
    let bare = id.map(|id| id.rsplit('/').next().unwrap_or_default().to_owned());
    bare.map(|id| format!("arn:aws:route53:::hostedzone/{id}")).into_iter().collect()
}

/// The condition keys that are known of a call, with their values.
pub(crate) fn context(call: &mut Call<'_>) -> Vec<(String, String)> {
    let mut context = vec![
        ("aws:RequestedRegion".to_owned(), call.region.clone()),
        ("aws:PrincipalAccount".to_owned(), call.account.clone()),
        ("aws:PrincipalArn".to_owned(), call.caller.arn.clone()),
        ("aws:userid".to_owned(), call.caller.user_id.clone()),
    ];
    let mut put = |key: &str, value: String| context.push((key.to_owned(), value));
    if let Some((_, session)) = call.caller.arn.rsplit_once('/')
        && session.starts_with("i-")
    {
        put("ec2:SourceInstanceARN", call.arn("ec2", &format!("instance/{session}")));
    }
    match call.service {
        ServiceId::S3 => {
            for (key, member) in [("s3:prefix", "Prefix"), ("s3:delimiter", "Delimiter")] {
                if let Some(value) = call.opt_str(member) {
                    put(key, value);
                }
            }
        }
        ServiceId::Ssm => {
            let (own, member) = match call.action {
                "PutParameter" => ("ssm:Overwrite", "Overwrite"),
                _ => ("ssm:Recursive", "Recursive"),
            };
            put(own, call.opt_bool(member).unwrap_or(false).to_string());
        }
        _ => {}
    }
    context.extend(tags(call));
    context
}

// Tags of the one resource that the call is about.
fn tags(call: &mut Call<'_>) -> Vec<(String, String)> {
    let tags: Vec<(String, String)> = match call.service {
        ServiceId::Ec2 => {
            let id =
                call.opt_str("InstanceId").or_else(|| call.strings("InstanceIds").first().cloned());
            id.map(|id| of_instance(call, &id)).unwrap_or_default()
        }
        ServiceId::Autoscaling => {
            let group = call.opt_str("AutoScalingGroupName");
            let instance = call.opt_str("InstanceId");
            super::autoscaling::tags_of(call, group.as_deref(), instance.as_deref())
        }
        _ => Vec::new(),
    };
    let prefix = if call.service == ServiceId::Ec2 { "ec2" } else { "autoscaling" };
    let keys = |(key, value): (String, String)| {
        let own = (format!("{prefix}:ResourceTag/{key}"), value.clone());
        [(format!("aws:ResourceTag/{key}"), value), own]
    };
    tags.into_iter().flat_map(keys).collect()
}

fn of_instance(scope: &mut Scope<'_>, id: &str) -> Vec<(String, String)> {
    let tags = scope.realm().ec2.tags.get(id);
    tags.map(|tags| tags.0.clone().into_iter().collect()).unwrap_or_default()
}
