//! Operations: what a command does, without the command line.
