//! What runs on a node, as pure functions: from document and facts to programs, flags and configuration files.

mod api_server;
pub(crate) mod config;
mod controller_manager;
mod etcd;
mod flags;
mod kubelet;
mod kwok;
#[cfg(test)]
mod real_kubelet;
mod scheduler;
#[cfg(test)]
mod tests;
pub(crate) mod worker_config;

use std::path::PathBuf;

pub(crate) use api_server::api_server;
pub(crate) use controller_manager::controller_manager;
pub(crate) use etcd::{Start, etcd};
pub(crate) use kubelet::worker;
pub(crate) use scheduler::scheduler;

use crate::document::Document;
use crate::facts::Facts;
use crate::layout::Layout;

/// What the flags of a component are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) document: &'a Document,
    pub(crate) facts: &'a Facts,
    pub(crate) layout: &'a Layout,
    pub(crate) binaries: &'a crate::binaries::Programs,
}

impl Setting<'_> {
    fn tree(&self, path: &str) -> String {
        self.layout.in_tree(path).display().to_string()
    }

    fn certificate(&self, name: &str) -> String {
        self.layout.certificate(name).display().to_string()
    }

    fn key(&self, name: &str) -> String {
        self.layout.key(name).display().to_string()
    }

    fn config(&self, name: &str) -> String {
        self.layout.config(name).display().to_string()
    }

    fn program(&self, name: &str) -> PathBuf {
        self.binaries.path(name)
    }
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
}
