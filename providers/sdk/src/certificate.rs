//! [`PlannedCertificate`]: what a plan tells people of a certificate: until when it is valid, whether it is issued anew, and
//! why. Data only; nobody decides anything by it.

use kprov_core::{Path, Value};

/// A change of an object, for who tells its certificates.
#[derive(Clone, Copy, Debug)]
pub struct CertificateChange<'v> {
    /// The object as it is, without marks; `None` if there is none.
    pub before: Option<&'v Value>,
    /// What it will be, unknown in parts, without marks.
    pub after: &'v Value,
    /// Is another object made in its place?
    pub replaced: bool,
    /// The attributes that force it.
    pub forced: &'v [Path],
    /// When the plan was made, RFC 3339.
    pub at: &'v str,
}

/// What becomes of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFate {
    /// It stays.
    Kept,
    /// There was none.
    Issued,
    /// Another one takes its place.
    Reissued,
    /// It stays, and is used for something else: an authority's is promoted or distrusted.
    Moved,
    /// It goes, and no other takes its place.
    Withdrawn,
}

impl CertificateFate {
    /// As JSON says it.
    pub fn word(self) -> &'static str {
        match self {
            CertificateFate::Kept => "keep",
            CertificateFate::Issued => "issue",
            CertificateFate::Reissued => "reissue",
            CertificateFate::Moved => "move",
            CertificateFate::Withdrawn => "withdraw",
        }
    }
}

/// A certificate that an object has, will have or loses. What is not known yet is `None`. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCertificate {
    /// Which of the object's; empty where it has one only.
    pub part: String,
    /// Whose it is.
    pub subject: Option<String>,
    /// Who has issued it, or will: a name, a generation.
    pub issuer: Option<String>,
    /// May it issue others?
    pub authority: bool,
    /// What there is now is valid from then, RFC 3339.
    pub not_before: Option<String>,
    /// What there is now is valid until then, RFC 3339.
    pub not_after: Option<String>,
    /// What there is now is issued anew by the first apply after then, RFC 3339.
    pub renew_at: Option<String>,
    /// One that is to be issued is valid for so many hours at most.
    pub validity_hours: Option<i64>,
    /// What becomes of it.
    pub fate: CertificateFate,
    /// Why; also where it stays but something is to be said of it.
    pub reason: Option<String>,
}
