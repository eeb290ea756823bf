//! The services: who they are, which actions have code, and their events. Each service's room is its own module.
pub(crate) mod autoscaling;
pub(crate) mod ec2;
pub(crate) mod ecr;
pub(crate) mod elbv2;
pub(crate) mod events;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod reach;
pub(crate) mod route53;
pub(crate) mod s3;
pub(crate) mod sqs;
pub(crate) mod ssm;
pub(crate) mod sts;

use crate::around::call::Call;
use crate::wire::fault::Outcome;
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};

/// Code of an action.
pub(crate) type Handler = fn(&mut Call<'_>) -> Outcome;
/// A line of a service's registry.
pub(crate) type Action = (&'static str, Handler);

macro_rules! services {
    ($($id:ident, $module:ident, $signing:literal, $name:literal;)*) => {
        /// An AWS service that airplane serves.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum ServiceId { $($id,)* }

        impl ServiceId {
            /// Every service.
            pub(crate) const ALL: [ServiceId; 12] = [$(ServiceId::$id,)*];

            /// The service of a signing name.
            pub(crate) fn from_signing_name(name: &str) -> Option<Self> {
                match name { $($signing => Some(ServiceId::$id),)* _ => None }
            }

            /// The name as boto3 and fault rules say it.
            pub(crate) fn name(self) -> &'static str {
                match self { $(ServiceId::$id => $name,)* }
            }

            /// The names of the actions that have code.
            #[cfg(test)]
            pub(crate) fn actions(self) -> impl Iterator<Item = &'static str> {
                let actions = match self { $(ServiceId::$id => $module::ACTIONS,)* };
                actions.iter().flat_map(|family| family.iter()).map(|(name, _)| *name)
            }

            /// The code of an action.
            pub(crate) fn handler(self, action: &str) -> Option<Handler> {
                let actions = match self { $(ServiceId::$id => $module::ACTIONS,)* };
                actions.iter().flat_map(|family| family.iter()).find(|(n, _)| *n == action).map(|(_, h)| *h)
            }
        }

        /// Something that happens later in a service.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) enum Event { $($id($module::Event),)* }

        impl Event {
            /// Lets it happen.
            pub(crate) fn run(self, scope: &mut Scope<'_>) {
                match self { $(Event::$id(event) => event.run(scope),)* }
            }
        }

        $(impl From<$module::Event> for Event {
            fn from(event: $module::Event) -> Self { Event::$id(event) }
        })*
    };
}

services! {
    Ec2, ec2, "ec2", "ec2";
    Autoscaling, autoscaling, "autoscaling", "autoscaling";
    Elbv2, elbv2, "elasticloadbalancing", "elbv2";
    Iam, iam, "iam", "iam";
    Sts, sts, "sts", "sts";
    Route53, route53, "route53", "route53";
    S3, s3, "s3", "s3";
    Kms, kms, "kms", "kms";
    Ssm, ssm, "ssm", "ssm";
    Sqs, sqs, "sqs", "sqs";
    Events, events, "events", "events";
    Ecr, ecr, "ecr", "ecr";
}

/// A call succeeded: tells those who look at what other services have.
pub(crate) fn changed(scope: &mut Scope<'_>, service: ServiceId, action: &str) {
    let is_read = ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb));
    let is_looked_at =
        matches!(service, ServiceId::Ec2 | ServiceId::Elbv2 | ServiceId::Autoscaling);
    if is_looked_at && !is_read {
        autoscaling::wake(scope);
    }
}

impl ServiceId {
    /// Does it speak JSON?
    pub(crate) fn is_json(self) -> bool {
        matches!(
            self,
            ServiceId::Kms | ServiceId::Ssm | ServiceId::Sqs | ServiceId::Events | ServiceId::Ecr
        )
    }
}
