//! The kit over every type; rotations as three applies; leaves that become due; what openssl says of the results.

mod conformance;
mod leaves;
mod rotations;
mod world;
