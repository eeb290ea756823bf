//! What EC2's families must do, by family.
mod addresses;
mod network;
mod route;
mod security;
mod shared;
