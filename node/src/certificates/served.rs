//! The certificate that the API server shows has to name the load balancer, by which everybody comes. Leaves of ours do; one
//! that the document gives by a flag may not, and then nobody but this machine would find out.

use kprov_pki::Certificate;

use crate::document::Document;
use crate::layout::Layout;
use crate::problem::Problem;

const FLAG: &str = "tls-cert-file";

/// Does it?
///
/// # Errors
/// Which certificate does not, and what its names are.
pub(crate) fn check_served(document: &Document, layout: &Layout) -> Result<(), Problem> {
    const WHAT: &str = "The API server's certificate does not name the load balancer";
    let given = document.api_server.flags.get(FLAG);
    let path = given.map_or_else(|| layout.certificate("apiserver"), Into::into);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Problem::file("The API server's certificate cannot be read", &path, &error)
    })?;
    let named = Certificate::from_pem(&text)
        .and_then(|certificate| certificate.check_name(&document.cluster.endpoint_host));
    named.map_err(|error| {
        let next = match given {
            Some(_) => format!(
                "Whoever comes by {} would refuse it: give a certificate with that name, or leave the flag {FLAG} out.",
                document.cluster.endpoint
            ),
            None => "Delete it, and it is issued anew.".to_owned(),
        };
        Problem::new(WHAT, format!("{}: {error}. {next}", path.display()))
    })
}
