//! Cases recorded from Terraform 1.11.4.
