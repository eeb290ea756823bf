//! The modules that come with kprov, and the examples that use them, on paper: do they fit the
//! schemas, say what they must, refuse what is wrong, and stay steady?

mod cluster;
mod documented;
mod everything;
mod facts;
mod foreign;
mod network;
mod paper;
mod policies;
mod project;
mod refusals;
mod safety;
mod schemas;
mod shared;
