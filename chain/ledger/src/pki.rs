//! Who may sign: each organisation has a certificate authority (ECDSA P-256, X.509), and that issues the certificates
//! whose keys sign transactions.
//!
//! What a certificate says, and where:
//!
//! | attribute | place |
//! |---|---|
//! | organisation | subject `O`: the party's identifier |
//! | role | subject `OU`: `manufacturer`, `distributor`, `pharmacy` or `regulator` |
//! | GLN | a subject alternative name of type URI: `https://id.gs1.org/414/GLN`, at most one |
//!
//! A private key lies on disk only sealed ([`seal`]), and is unlocked by a passphrase from a file or the environment.

mod authority;
mod certificate;
#[cfg(feature = "fabric")]
mod foreign;
mod sealed;

pub use authority::{Authority, Issued, Request};
#[cfg(feature = "fabric")]
pub(crate) use certificate::key_and_validity;
pub(crate) use certificate::key_issued_by;
pub use certificate::{AuthorityCertificate, Checked, check, fingerprint, parse_pem, subject_and_key, to_pem};
#[cfg(feature = "fabric")]
pub(crate) use foreign::{Foreign, Named, authorities, revoked};
pub(crate) use sealed::random;
pub use sealed::{Passphrase, open, seal};

use veridose_contract::Role;

/// Why a certificate or key is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// Not an X.509 certificate, or one with something in it that this ledger does not know.
    #[error("the certificate is malformed: {0}")]
    Malformed(String),
    /// Only ECDSA on P-256 with SHA-256 is used.
    #[error("the certificate uses {0}; only ECDSA on P-256 with SHA-256 is accepted")]
    Algorithm(String),
    /// The authority's signature is in its second form, which would give the certificate a second fingerprint.
    #[error("the certificate's signature is not in its canonical form (low s)")]
    SecondForm,
    /// Not issued by the party's authority.
    #[error("the certificate was not issued by the authority of {0}")]
    Foreign(String),
    /// An attribute is absent or not what it must be.
    #[error("the certificate's {attribute} {problem}")]
    Attribute {
        /// Which one.
        attribute: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A key could not be made, read or used.
    #[error("failed to use the key: {0}")]
    Key(String),
    /// The passphrase is wrong or the sealed file was changed.
    #[error("failed to unlock the key: the passphrase is wrong, or the file was changed")]
    Locked,
    /// A file or variable could not be read.
    #[error("failed to read {from}: {problem}")]
    Read {
        /// The file or the variable.
        from: String,
        /// Why.
        problem: String,
    },
}

/// Role as the certificate writes it.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Manufacturer => "manufacturer",
        Role::Distributor => "distributor",
        Role::Pharmacy => "pharmacy",
        Role::Regulator => "regulator",
        Role::Payer => "payer",
    }
}

/// Reads a role from its name.
pub fn role_of(name: &str) -> Option<Role> {
    [Role::Manufacturer, Role::Distributor, Role::Pharmacy, Role::Regulator, Role::Payer]
        .into_iter()
        .find(|role| role_name(*role) == name)
}

/// What goes before the GLN in the certificate's URI.
pub(crate) const GLN_URI: &str = "https://id.gs1.org/414/";

#[cfg(test)]
mod tests;
