//! The program as its users meet it: the real `kprov`, in a directory of its own, from the outside.
//!
//! What is asserted is what users and scripts hold on to: exit statuses, data on standard output,
//! the names in messages, and that a refusal changes nothing. How text is wrapped and coloured is
//! left to the renderer's own tests.
//!
//! Nothing of the machine gets in: see [`place`]. Nothing is hoped for: whoever waits, waits for a
//! condition, and fails when it does not come ([`place::until`]).

// Notes on what was not tested here, and seeds, are for whoever reads the test's output.
#![allow(clippy::print_stderr)]

mod airplane;
mod bad_configuration;
mod bad_plan_file;
mod bad_state;
mod bad_surroundings;
mod bundled;
mod cluster;
mod draw;
mod examples;
mod garbage;
mod interrupts;
mod kill;
mod kubernetes;
mod locks;
mod log;
mod newcomer;
mod node;
mod other_commands;
mod outputs;
mod phases;
mod pki;
mod place;
mod program;
mod rotation;
mod saved_plans;
mod secrets;
mod selection;
mod state_commands;
mod state_transfer;
mod stored;
mod terminal;
mod untouched;
mod variables;
mod workspaces;
