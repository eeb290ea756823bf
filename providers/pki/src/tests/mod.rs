//! The kit over every type; rotations as three applies; leaves that become due; what is refused; what plans tell of
//! certificates; what openssl says of the results.

mod bad_input;
mod certificates;
mod conformance;
mod leaves;
mod rotations;
mod world;
