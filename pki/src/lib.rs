//! Keys, certificates, certificate requests and bundles: made, read back and checked. Pure: randomness and time come from
//! outside. Providers `tls` and `pki` and the node stand on it.
