//! Three masters as three processes, with the real etcd and the real control plane: they form a cluster, lose parts of
//! themselves, come back, stop, leave and are restored.
//!
//! The programs are in the directory that `KPROV_PEERS_BIN` names; without it nothing is tested, and says so, unless
//! `KPROV_PEERS=required`.

#![allow(
    clippy::print_stderr,
    reason = "what a failed test saw is told there, and what was not tested"
)]

mod cloud;
mod cluster;
mod full;
mod metadata;
mod pki;
mod process;
mod restoring;
mod rotating;
mod scenarios;
mod trouble;
mod writers;

/// The entry of the processes that the tests start: this very program, told by a variable to be a node.
#[test]
fn a_node_of_another_test() {
    process::be_a_node();
}
