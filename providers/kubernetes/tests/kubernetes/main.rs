//! The provider against etcd and kube-apiserver: the kit for every type, and what is special of clusters.

// What was not tested is for whoever reads the output.
#![allow(clippy::print_stderr)]

mod connections;
mod control_plane;
mod data;
mod manifest;
mod ready;
mod rotation;
mod session;
mod typed;
