//! airplane: a strict AWS in one process. See docs/adr/0002-aws-and-airplane.md.
