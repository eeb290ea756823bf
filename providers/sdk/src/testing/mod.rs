//! For provider authors' tests: a seeded host, a small executor and the conformance kit.
//!
//! ```text
//! let cases = Cases::new(config).update(other).bad(wrong, "port");
//! kit::check(&MyProvider, "my_type", &cases);
//! ```

mod block_on;
mod host;
pub mod kit;
mod proposed;

pub use block_on::block_on;
pub use host::FakeHost;
pub use proposed::{complete, proposed};
