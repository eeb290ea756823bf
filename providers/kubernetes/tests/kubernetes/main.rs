//! The provider against etcd and kube-apiserver: the kit for every type, and what is special of clusters.

mod control_plane;
mod manifest;
mod session;
mod typed;
