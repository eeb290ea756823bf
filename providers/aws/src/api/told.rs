//! What a create learns of its object on the way: from the answer of the call that makes it, from the
//! last look of a wait. Reading the new object back takes from here first, and asks AWS for the rest.
//!
//! It belongs to one create and dies with it: no refresh, settle or other object sees it. Whatever is
//! written after something was told makes all of it stale, so that only what a type tells again after
//! its last write counts.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::is_read;
use super::{Api, AwsError};

/// Answers by kind of load and id; each an `Option` of its loader's type.
type Answers = HashMap<(&'static str, String), Box<dyn Any + Send>>;

/// What loads do with what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Nothing: they look.
    Kept,
    /// They take it, and look for what was not told.
    First,
    /// They take it, and fail where something was not told.
    Only,
}

/// What one create was told.
#[derive(Clone)]
pub(super) struct Told {
    answers: Arc<Mutex<Answers>>,
    mode: Use,
}

/// The code of [`Api::load`] where something was not told and may not be looked for.
const NOT_TOLD: &str = "NotTold";

impl Api {
    /// The same AWS for one create, which remembers what it is told.
    pub(crate) fn listening(&self) -> Api {
        Api { told: Some(Told { answers: Arc::default(), mode: Use::Kept }), ..self.clone() }
    }

    /// The same AWS, remembering nothing.
    pub(crate) fn plain(&self) -> Api {
        Api { told: None, ..self.clone() }
    }

    /// Its loads take what was told first.
    pub(crate) fn recalling(&self) -> Api {
        self.using(Use::First)
    }

    /// Its loads take what was told, or fail as [`AwsError::is_not_told`]; `None` where nothing was.
    pub(crate) fn recalling_only(&self) -> Option<Api> {
        let told = self.told.as_ref()?;
        let answers = told.answers.lock().unwrap_or_else(PoisonError::into_inner);
        (!answers.is_empty()).then(|| self.using(Use::Only))
    }

    fn using(&self, mode: Use) -> Api {
        let told = self.told.as_ref().map(|told| Told { mode, ..told.clone() });
        Api { told, ..self.clone() }
    }

    /// AWS said that the object of that kind and id is this, or that there is none. Only for what the
    /// answer tells as wholly as the kind's loader would.
    pub(crate) fn tell<T: Clone + Send + 'static>(
        &self,
        kind: &'static str,
        id: &str,
        object: Option<T>,
    ) {
        if let Some(told) = &self.told {
            let mut answers = told.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.insert((kind, id.to_owned()), Box::new(object));
        }
    }

    /// What was told of the object of that kind and id, to be told again after a write.
    pub(crate) fn told<T: Clone + Send + 'static>(
        &self,
        kind: &'static str,
        id: &str,
    ) -> Option<T> {
        self.recalling().recall(kind, id).ok().flatten().flatten()
    }

    /// What a load of that kind need not look for.
    pub(super) fn recall<T: Clone + Send + 'static>(
        &self,
        kind: &'static str,
        id: &str,
    ) -> Result<Option<Option<T>>, AwsError> {
        let Some(told) = self.told.as_ref().filter(|told| told.mode != Use::Kept) else {
            return Ok(None);
        };
        let answers = told.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(&(kind, id.to_owned()));
        match answer.and_then(|any| any.downcast_ref::<Option<T>>()) {
            Some(answer) => Ok(Some(answer.clone())),
            None => self.may_ask(kind).map(|()| None),
        }
    }

    /// Refuses where only what was told counts.
    pub(super) fn may_ask(&self, what: &str) -> Result<(), AwsError> {
        match self.told.as_ref().map(|told| told.mode) {
            Some(Use::Only) => Err(AwsError::refused(NOT_TOLD, format!("{what}: not told"))),
            _ => Ok(()),
        }
    }

    /// A write makes stale what was told before.
    pub(super) fn outdate(&self, operation: &str) {
        if let Some(told) = self.told.as_ref().filter(|_| !is_read(operation)) {
            told.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl AwsError {
    /// Was something not told that may not be looked for?
    pub(crate) fn is_not_told(&self) -> bool {
        self.is(&[NOT_TOLD])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_smithy_async::rt::sleep::SharedAsyncSleep;
    use aws_smithy_async::time::SharedTimeSource;
    use kprov_core::Value;
    use kprov_provider::Provider;
    use kprov_provider::testing::{FakeHost, block_on, complete};

    use super::*;
    use crate::testing::SteppedClock;
    use crate::{Aws, SCHEMA, Transport};

    fn api() -> Api {
        let text = [("region", "eu-central-1"), ("access_key", "AKIA"), ("secret_key", "s")];
        let config = Value::object(text.map(|(name, value)| (name, Value::string(value))));
        let host: Arc<dyn kprov_core::Host> = Arc::new(FakeHost::new(1));
        let clock = SteppedClock::default();
        let (sleep, time) =
            (SharedAsyncSleep::new(clock.clone()), SharedTimeSource::new(clock.clone()));
        let aws = Aws::new(Transport { http: None, sleep, time });
        let config = complete(&SCHEMA.provider.block, &config);
        let client = block_on(aws.configure(&config, &host)).unwrap();
        let context = kprov_provider::CallContext { client, host };
        context.client::<Api>().listening()
    }

    #[test]
    fn what_was_told_is_recalled_by_kind_and_id_until_something_is_written() {
        let api = api();
        assert!(api.recalling_only().is_none(), "nothing was told");
        api.tell("vpc", "vpc-1", Some(1));
        assert_eq!(api.told::<i32>("vpc", "vpc-1"), Some(1));
        assert_eq!(api.told::<i32>("vpc", "vpc-2"), None);
        assert_eq!(api.listening().told::<i32>("vpc", "vpc-1"), None, "another create");
        api.outdate("DescribeVpcs");
        assert_eq!(api.told::<i32>("vpc", "vpc-1"), Some(1));
        api.outdate("ModifyVpcAttribute");
        assert_eq!(api.told::<i32>("vpc", "vpc-1"), None);
    }

    #[test]
    fn where_only_that_counts_nothing_else_is_asked() {
        let api = api();
        api.tell("name of address", "eipalloc-1", None::<String>);
        let only = api.recalling_only().unwrap();
        assert_eq!(only.recall::<String>("name of address", "eipalloc-1").unwrap(), Some(None));
        assert!(only.recall::<i32>("vpc", "vpc-1").unwrap_err().is_not_told());
        assert!(only.may_ask("DescribeVpcs").unwrap_err().is_not_told());
        assert_eq!(api.recall::<String>("name of address", "eipalloc-1").unwrap(), None, "a look");
    }
}
