//! A master's part in a rotation, without I/O beyond its own small files: what it tells of itself ([`EtcdView`], [`ApiView`]), what it
//! is asked ([`Asked`]) and whether it was done before ([`Ledger`]), what an ask comes to ([`decide`]), and that a machine
//! which was taken out of the cluster stays out ([`Retirement`]). The contract is in docs/adr/0005.

mod api;
mod asked;
pub(crate) mod decide;
mod ledger;
mod retired;
mod view;

pub(crate) use api::{ApiView, Serving, Setup};
pub(crate) use asked::{Answer, Asked, Task};
pub(crate) use decide::{Decision, Peer};
pub(crate) use ledger::{Ledger, Met};
pub(crate) use retired::Retirement;
pub(crate) use view::{EtcdView, Steady};
