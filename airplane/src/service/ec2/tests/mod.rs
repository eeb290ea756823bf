//! What EC2's families must do, by family.
mod network;
mod route;
mod security;
mod shared;
