//! The provider against etcd and kube-apiserver: the kit for every type, and what is special of clusters.

mod control_plane;
mod data;
mod manifest;
mod ready;
mod session;
mod typed;
