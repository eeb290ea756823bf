//! What EC2's families must do, by family.
mod acl;
mod addresses;
mod endpoint;
mod network;
mod peering;
mod route;
mod security;
mod shared;
