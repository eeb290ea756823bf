//! [`InState`]: resources of which nothing exists outside the state.
//!
//! All that such a type has to say is how an object is planned, made and imported. A create that
//! was not recorded did nothing, a read finds what was stored, and a delete has nothing to do.

use async_trait::async_trait;
use kprov_core::{Host, Value};

use crate::{
    AttributeError, CallContext, CertificateChange, CreateRequest, DeleteRequest, Imported, Object,
    PlanRequest, PlannedCertificate, PlannedObject, ProviderError, ReadRequest, Resource,
    SettleRequest, Settled, UpdateRequest,
};

/// A type whose objects are only in the state; its schema says [`crate::Creation::Local`].
pub trait StateOnly: Send + Sync + std::fmt::Debug {
    /// Checks a configuration; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// What the object will be. Pure and deterministic.
    ///
    /// # Errors
    /// When the change is impossible.
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(request.proposed.clone().into())
    }

    /// Makes the object: `planned` with all that is unknown in it chosen.
    ///
    /// # Errors
    /// When the arguments, now known, do not fit together.
    fn make(&self, host: &dyn Host, planned: &Value) -> Result<Value, ProviderError>;

    /// The same for a type with write-only arguments, which `config` alone has.
    ///
    /// # Errors
    /// As [`StateOnly::make`].
    fn make_with(
        &self,
        host: &dyn Host,
        planned: &Value,
        _config: &Value,
    ) -> Result<Value, ProviderError> {
        self.make(host, planned)
    }

    /// The object as it is now, `prior` being as it was stored: nothing exists outside, but time passes (a certificate becomes
    /// due).
    fn read(&self, _host: &dyn Host, prior: &Value) -> Value {
        prior.clone()
    }

    /// The object as if its renewal was requested; `None`: there is nothing of it to renew.
    fn renewal_requested(&self, _prior: &Value) -> Option<Value> {
        None
    }

    /// The certificates that a change is about, for people; see [`Resource::certificates`].
    fn certificates(&self, _change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        Vec::new()
    }

    /// Changes the object: `planned` with all that is unknown in it chosen.
    ///
    /// # Errors
    /// When the arguments, now known, do not fit together.
    fn update(
        &self,
        _host: &dyn Host,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, ProviderError> {
        Ok(planned.clone())
    }

    /// The object that an import id stands for.
    ///
    /// # Errors
    /// When the id is not one, or the type cannot be imported.
    fn import(&self, _host: &dyn Host, _id: &str) -> Result<Value, ProviderError> {
        Err(ProviderError::rejected(
            "Import not supported",
            "This resource type cannot be imported.",
        ))
    }

    /// Brings a stored object of an older schema version to the current one, as JSON.
    ///
    /// # Errors
    /// When it cannot be read.
    fn upgrade(&self, _version: u64, stored: &str) -> Result<String, ProviderError> {
        Ok(stored.to_owned())
    }
}

/// A [`StateOnly`] type as a [`Resource`].
#[derive(Debug)]
pub struct InState<T>(pub T);

#[async_trait]
impl<T: StateOnly> Resource for InState<T> {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        self.0.validate(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        self.0.plan(request)
    }

    fn renewal_requested(&self, prior: &Value) -> Option<Value> {
        self.0.renewal_requested(prior)
    }

    fn aged(&self, host: &dyn Host, prior: &Value) -> Option<Value> {
        Some(self.0.read(host, prior))
    }

    fn certificates(&self, change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        self.0.certificates(change)
    }

    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        let read = |request: ReadRequest| {
            let value = self.0.read(context.host.as_ref(), &request.prior.value);
            Ok(Some(Object { value, private: request.prior.private }))
        };
        requests.into_iter().map(read).collect()
    }

    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let host = context.host.as_ref();
        let value = self.0.make_with(host, &request.planned, &request.config)?;
        Ok(Object { value, private: request.private })
    }

    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        let host = context.host.as_ref();
        let value = self.0.update(host, &request.prior.value, &request.planned)?;
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

    async fn import(&self, context: &CallContext, id: &str) -> Result<Imported, ProviderError> {
        let value = self.0.import(context.host.as_ref(), id)?;
        Ok(Imported { object: value.into() })
    }

    fn upgrade(&self, version: u64, stored: &str) -> Result<String, ProviderError> {
        self.0.upgrade(version, stored)
    }
}
