//! Provider `pki`: authorities with generations, leaves that are renewed in time, and all that a Kubernetes cluster needs.
