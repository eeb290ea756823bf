//! `kprov node`: a machine becomes a master or a worker by its node document, and stays one. See docs/adr/0003.
