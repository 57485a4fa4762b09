//! Certificates that are none of the ledger's own: those of a Fabric channel's organisations. Only who issued them, what key
//! they have and which units they name is of interest. Dates are not judged: Fabric's peers do not either when they validate a
//! block, because it was in order when it was made.

use x509_parser::prelude::{CertificateRevocationList, FromDer as _};

use super::certificate::{malformed, parse, public_key, verify, verify_bytes};
use super::{AuthorityCertificate, PkiError, parse_pem};

/// What a certificate of a channel says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The issuing authority's name and the serial number: what a revocation list names it by.
    pub(crate) name: Named,
    /// Organisational units.
    pub(crate) units: Vec<String>,
    /// The public key, an uncompressed point.
    pub(crate) key: [u8; 65],
    /// The authority among those that were given.
    pub(crate) issuer: usize,
}

/// An authority's name and a serial number of it.
pub(crate) type Named = (Vec<u8>, Vec<u8>);

impl Foreign {
    /// Reads a certificate (DER) that one of these authorities issued.
    pub(crate) fn read(der: &[u8], authorities: &[AuthorityCertificate]) -> Result<Self, PkiError> {
        let parsed = parse(der)?;
        let is_issuer = |authority: &AuthorityCertificate| {
            parsed.issuer().as_raw() == authority.subject() && verify(&parsed, authority.key()).is_ok()
        };
        let issuer = authorities.iter().position(is_issuer);
        let issuer = issuer.ok_or_else(|| PkiError::Foreign("the organisation".to_owned()))?;
        let units = parsed.subject().iter_organizational_unit().filter_map(|unit| unit.as_str().ok());
        Ok(Self {
            name: (parsed.issuer().as_raw().to_vec(), parsed.raw_serial().to_vec()),
            units: units.map(str::to_owned).collect(),
            key: public_key(&parsed)?,
            issuer,
        })
    }
}

/// The certificates on a revocation list (PEM or DER) that one of these authorities signed.
pub(crate) fn revoked(list: &[u8], authorities: &[AuthorityCertificate]) -> Result<Vec<Named>, PkiError> {
    let pem = x509_parser::pem::Pem::iter_from_buffer(list).flatten().next();
    let der = pem.map_or_else(|| list.to_vec(), |pem| pem.contents);
    let (_, parsed) = CertificateRevocationList::from_der(&der).map_err(malformed)?;
    let issuer = parsed.issuer().as_raw();
    let is_signed = authorities.iter().any(|authority| {
        issuer == authority.subject()
            && verify_bytes(parsed.tbs_cert_list.as_ref(), parsed.signature_value.as_ref(), authority.key()).is_ok()
    });
    if !is_signed {
        return Err(PkiError::Foreign("the organisation (a revocation list)".to_owned()));
    }
    Ok(parsed.iter_revoked_certificates().map(|entry| (issuer.to_vec(), entry.raw_serial().to_vec())).collect())
}

/// Authorities of an organisation: the roots, which sign themselves, then those that one before issued.
pub(crate) fn authorities(roots: &[Vec<u8>], others: &[Vec<u8>]) -> Result<Vec<AuthorityCertificate>, PkiError> {
    let text = |pem: &Vec<u8>| String::from_utf8(pem.clone()).map_err(malformed);
    let mut found = Vec::new();
    for pem in roots {
        found.push(AuthorityCertificate::parse(&parse_pem(&text(pem)?)?)?);
    }
    let mut waiting: Vec<_> = others.iter().map(|pem| parse_pem(&text(pem)?)).collect::<Result<_, PkiError>>()?;
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|der| match found.iter().find_map(|by| AuthorityCertificate::issued_by(der, by).ok()) {
            Some(authority) => {
                found.push(authority);
                false
            }
            None => true,
        });
        if waiting.len() == before {
            return Err(PkiError::Foreign("the organisation (an intermediate authority)".to_owned()));
        }
    }
    Ok(found)
}
