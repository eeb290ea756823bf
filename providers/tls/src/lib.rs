//! Provider `tls`, as hashicorp/tls: keys, certificates and requests as resources.
