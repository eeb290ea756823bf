//! May a session of a role do what it asks for? Its role's policies decide: inline ones, attached ones, the boundary. An
//! explicit Deny wins, and what nothing allows is denied. Keys that are no session's are the account's root, who may all.
use super::permission::{Principal, Question, Verdict, verdict};
use crate::around::call::Call;
use crate::service::{ServiceId, reach};
use crate::wire::fault::Fault;
use crate::world::scope::Scope;

/// What a call needs to be allowed: an action on a resource.
pub(crate) struct Need {
    pub(crate) action: String,
    pub(crate) resource: String,
}

/// Refuses a call that the session's role may not make.
pub(crate) fn authorize(call: &mut Call<'_>) -> Result<(), Fault> {
    let Some(role) = role_of_session(&call.caller.arn) else { return Ok(()) };
    let role = role.to_owned();
    let policies = policies(call, &role);
    let context = reach::context(call);
    for need in reach::needs(call) {
        let mut context = context.clone();
        // A service that uses a key for its caller says so (KMS: kms:ViaService).
        if need.action.starts_with("kms:") && call.service != ServiceId::Kms {
            let via = format!("{}.{}.amazonaws.com", call.service.name(), call.region);
            context.push(("kms:ViaService".to_owned(), via));
        }
        if !may(&policies, &need, &context) {
            return Err(denied(call, &need));
        }
    }
    Ok(())
}

fn role_of_session(arn: &str) -> Option<&str> {
    arn.split_once(":assumed-role/")?.1.split('/').next()
}

/// The documents that say what a role may do, and the boundary of that.
struct Policies {
    own: Vec<String>,
    boundary: Option<String>,
}

fn policies(scope: &mut Scope<'_>, role: &str) -> Policies {
    let iam = &scope.global().iam;
    let Some(role) = iam.roles.get(role) else {
        return Policies { own: Vec::new(), boundary: None };
    };
    let document = |arn: &String| match iam.policies.get(arn) {
        Some(policy) => policy.document().to_owned(),
        None => managed(arn).to_owned(),
    };
    let inline = role.inline.iter().map(|(_, document)| document.clone());
    let own = inline.chain(role.attached.iter().map(document)).collect();
    Policies { own, boundary: role.boundary.as_ref().map(document) }
}

fn may(policies: &Policies, need: &Need, context: &[(String, String)]) -> bool {
    let context: Vec<(&str, &str)> =
        context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let question = Question {
        principal: Principal::Holder,
        action: &need.action,
        resource: Some(&need.resource),
        context: &context,
    };
    let verdicts: Vec<Verdict> =
        policies.own.iter().map(|document| verdict(document, &question)).collect();
    let bounded = policies
        .boundary
        .as_ref()
        .is_none_or(|boundary| verdict(boundary, &question) == Verdict::Allowed);
    bounded && verdicts.contains(&Verdict::Allowed) && !verdicts.contains(&Verdict::Denied)
}

// AWS's own policies are not all known here: those that are not allow nothing.
fn managed(arn: &str) -> &'static str {
    const READ: &str = r#"{"Statement": {"Effect": "Allow", "Action": ["*:Describe*", "*:Get*", "*:List*"], "Resource": "*"}}"#;
    match arn.rsplit('/').next().unwrap_or_default() {
        "AdministratorAccess" => {
            r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#
        }
        "PowerUserAccess" => {
            r#"{"Statement": {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}}"#
        }
        "ReadOnlyAccess" => READ,
        "AmazonEC2ReadOnlyAccess" => {
            r#"{"Statement": {"Effect": "Allow", "Action": ["ec2:Describe*", "autoscaling:Describe*", "elasticloadbalancing:Describe*"], "Resource": "*"}}"#
        }
        "AmazonS3ReadOnlyAccess" => {
            r#"{"Statement": {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}}"#
        }
        "AmazonS3FullAccess" => {
            r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#
        }
        "AmazonSSMReadOnlyAccess" => {
            r#"{"Statement": {"Effect": "Allow", "Action": ["ssm:Describe*", "ssm:Get*", "ssm:List*"], "Resource": "*"}}"#
        }
        "AmazonEC2ContainerRegistryReadOnly" => {
            r#"{"Statement": {"Effect": "Allow", "Action": ["ecr:Get*", "ecr:Batch*", "ecr:List*", "ecr:Describe*"], "Resource": "*"}}"#
        }
        _ => "{}",
    }
}

// As each protocol says it.
fn denied(call: &Call<'_>, need: &Need) -> Fault {
    let (who, action, resource) = (&call.caller.arn, &need.action, &need.resource);
    let message = format!(
        "User: {who} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
         allows the {action} action"
    );
    match call.service {
        ServiceId::Ec2 => {
            let message = format!("You are not authorized to perform this operation. {message}");
            Fault::new("UnauthorizedOperation", message).status(403)
        }
        service if service.is_json() => Fault::new("AccessDeniedException", message).status(400),
        _ => Fault::new("AccessDenied", message).status(403),
    }
}
