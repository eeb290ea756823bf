//! [`Resource`], [`DataSource`] and [`EphemeralResource`]: the code of one type each.

use std::fmt;

use async_trait::async_trait;
use kprov_core::{Host, Str, Value};

use crate::rotation::MemberGroups;
use crate::{
    AttributeError, CallContext, CertificateChange, CreateRequest, DeleteRequest, Imported, Object,
    PlanRequest, PlannedCertificate, PlannedObject, Private, ProviderError, ReadRequest,
    SettleRequest, Settled, UpdateRequest,
};

/// A managed resource type.
#[async_trait]
pub trait Resource: Send + Sync + fmt::Debug {
    /// Checks a configuration without any call; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// What the object will be. Pure and deterministic. The default takes the proposed value as it
    /// is; computed attributes that config leaves null are unknown in it for a new object, and the
    /// prior ones for an existing one.
    ///
    /// # Errors
    /// When the change is impossible.
    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        Ok(request.proposed.clone().into())
    }

    /// The object as if its renewal was requested (`kprov pki renew`): planned from there, it is renewed. `None`: there is
    /// nothing of it to renew. Pure.
    fn renewal_requested(&self, _prior: &Value) -> Option<Value> {
        None
    }

    /// The object as the passing of time alone has made it (a certificate becomes due), without asking anybody: what a plan
    /// goes by that reads nothing (`-refresh=false`). `None`: time changes nothing.
    fn aged(&self, _host: &dyn Host, _prior: &Value) -> Option<Value> {
        None
    }

    /// The certificates that a change is about, for people: those that are issued, and those that stay. Pure.
    fn certificates(&self, _change: &CertificateChange<'_>) -> Vec<PlannedCertificate> {
        Vec::new()
    }

    /// Its objects as groups of machines, where they are such.
    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        None
    }

    /// Reads objects in bulk: one answer per request, in order; `None` for an object that is gone.
    async fn read_many(
        &self,
        context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>>;

    /// Makes the object. Safe to repeat with the same intent.
    ///
    /// # Errors
    /// See [`crate::ErrorClass`].
    async fn create(
        &self,
        context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError>;

    /// Changes the object in place. Safe to repeat.
    ///
    /// # Errors
    /// See [`crate::ErrorClass`].
    async fn update(
        &self,
        context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError>;

    /// Makes the object be gone. Gone already is a success.
    ///
    /// # Errors
    /// See [`crate::ErrorClass`].
    async fn delete(
        &self,
        context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError>;

    /// Finds out what became of a create or update whose outcome was never recorded. What a create
    /// does after its object exists (further calls, waiting until it is of use) is done here as well:
    /// an object that is told to exist may be built upon.
    ///
    /// # Errors
    /// When it cannot be told now; the intent stays open.
    async fn settle(
        &self,
        context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError>;

    /// Finds the object that an import id names.
    ///
    /// # Errors
    /// When there is none, or the type cannot be imported.
    async fn import(&self, _context: &CallContext, _id: &str) -> Result<Imported, ProviderError> {
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

/// A data source type.
#[async_trait]
pub trait DataSource: Send + Sync + fmt::Debug {
    /// Checks a configuration without any call; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// Reads it. `config` is wholly known.
    ///
    /// # Errors
    /// When it cannot be read; nothing has happened.
    async fn read(&self, context: &CallContext, config: &Value) -> Result<Value, ProviderError>;
}

/// What opening an ephemeral resource gave.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Never stored.
    pub value: Value,
    /// For renew and close.
    pub private: Private,
    /// Must be renewed after so many seconds.
    pub renew_after_seconds: Option<u64>,
}

/// An ephemeral resource type: opened where needed, in plan and in apply, and closed after.
#[async_trait]
pub trait EphemeralResource: Send + Sync + fmt::Debug {
    /// Checks a configuration without any call; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be had.
    async fn open(&self, context: &CallContext, config: &Value) -> Result<Opened, ProviderError>;

    /// Keeps it open.
    ///
    /// # Errors
    /// When it is lost.
    async fn renew(
        &self,
        _context: &CallContext,
        private: Private,
    ) -> Result<(Private, Option<u64>), ProviderError> {
        Ok((private, None))
    }

    /// Closes it.
    ///
    /// # Errors
    /// Reported as a warning.
    async fn close(&self, _context: &CallContext, _private: Private) -> Result<(), ProviderError> {
        Ok(())
    }

    /// A name for messages.
    fn name(&self) -> Str;
}
