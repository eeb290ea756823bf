//! Names of what a rotation is about, each a type of its own, so that they cannot be swapped. All are
//! cheap to clone; what they look like is the business of those who observe.

use std::fmt;

use kprov_core::Str;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Str);

        impl $name {
            /// From text.
            #[must_use]
            pub fn new(text: &str) -> $name {
                $name(Str::new(text))
            }

            /// As text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

names! {
    /// A member group: an Auto Scaling group's name.
    GroupId
    /// A machine: an EC2 instance's id.
    MachineId
    /// What machines are launched from: a launch template with its version.
    TemplateId
    /// An availability zone.
    Zone
    /// One rotation, whichever runs carry it out.
    RotationId
    /// Who carries steps out: one run of kprov.
    OperatorId
    /// A user's hook.
    HookName
    /// A PodDisruptionBudget, as `NAMESPACE/NAME`.
    BudgetName
}

/// A member of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EtcdId(pub u64);

impl fmt::Display for EtcdId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// Seconds of the caller's clock, or a length of time in seconds.
pub type Seconds = u64;
