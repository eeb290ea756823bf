//! The wire: requests become JSON by model member name, answers become the protocol's bytes. Nothing here knows an action.
pub(crate) mod fault;
pub(crate) mod form;
pub(crate) mod model;
pub(crate) mod request;
pub(crate) mod respond;
pub(crate) mod rest;
pub(crate) mod roots;
pub(crate) mod scalar;
pub(crate) mod signature;
pub(crate) mod validate;
pub(crate) mod xml;

#[cfg(test)]
mod tests;
