//! What EC2's families must do, by family.
mod acl;
mod addresses;
mod network;
mod route;
mod security;
mod shared;
