//! `hashicorp/aws`. See docs/adr/0002-aws-and-airplane.md.
