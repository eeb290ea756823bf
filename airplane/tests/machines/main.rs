//! Machines: instances that are processes, with what stands around them - groups, load balancers, metadata, roles - and what
//! happens when they, or airplane, come to an end.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod balancer;
mod life;
mod place;
mod program;
mod roles;
