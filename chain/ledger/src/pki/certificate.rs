//! Reading certificates: what they say, and whether the party's authority said it.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use veridose_contract::{Certificate, Fingerprint, PartyId, Site, Timestamp};
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
use x509_parser::x509::AlgorithmIdentifier;

use super::{GLN_URI, PkiError, role_of};
use crate::signer;

const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";
const EC_PUBLIC_KEY: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";

/// A certificate that was checked, with the key in it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// As the ledger keeps it.
    pub certificate: Certificate,
    /// The public key, an uncompressed point of 65 bytes.
    pub public_key: [u8; 65],
}

/// The certificate of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityCertificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    public_key: [u8; 65],
    not_before: Timestamp,
    not_after: Timestamp,
}

impl AuthorityCertificate {
    /// Reads a DER certificate that is an authority's and signed by itself.
    pub fn parse(der: &[u8]) -> Result<Self, PkiError> {
        let parsed = parse(der)?;
        let authority = Self::read(der, &parsed)?;
        verify(&parsed, &authority.public_key).map_err(|()| PkiError::Foreign("itself".to_owned()))?;
        Ok(authority)
    }

    /// End of its validity.
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Reads a DER certificate that is an authority's and signed by another.
    #[cfg(feature = "fabric")]
    pub(crate) fn issued_by(der: &[u8], issuer: &Self) -> Result<Self, PkiError> {
        let parsed = parse(der)?;
        if parsed.issuer().as_raw() != issuer.subject || verify(&parsed, &issuer.public_key).is_err() {
            return Err(PkiError::Foreign("the given authority".to_owned()));
        }
        Self::read(der, &parsed)
    }

    fn read(der: &[u8], parsed: &X509Certificate<'_>) -> Result<Self, PkiError> {
        let public_key = public_key(parsed)?;
        let is_authority =
            parsed.basic_constraints().map_err(malformed)?.is_some_and(|constraints| constraints.value.ca);
        if !is_authority {
            return Err(attribute("basic constraints", "do not say that it is an authority"));
        }
        let (not_before, not_after) = validity(parsed);
        let subject = parsed.subject().as_raw().to_vec();
        Ok(Self { der: der.to_vec(), subject, public_key, not_before, not_after })
    }

    #[cfg(feature = "fabric")]
    pub(super) fn subject(&self) -> &[u8] {
        &self.subject
    }

    #[cfg(feature = "fabric")]
    pub(super) const fn key(&self) -> &[u8; 65] {
        &self.public_key
    }

    /// The DER bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key, an uncompressed point.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}

/// SHA-256 of a DER certificate.
pub fn fingerprint(der: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(der).into())
}

/// Reads a signer's certificate and checks that `authority` issued it to `party`. Dates are not judged here: they are at
/// each transaction's time.
pub fn check(der: &[u8], authority: &AuthorityCertificate, party: &PartyId) -> Result<Checked, PkiError> {
    let parsed = parse(der)?;
    let public_key = public_key(&parsed)?;
    if parsed.issuer().as_raw() != authority.subject || verify(&parsed, &authority.public_key).is_err() {
        return Err(PkiError::Foreign(party.to_string()));
    }
    if !signer::is_low_s(parsed.signature_value.as_ref()) {
        return Err(PkiError::SecondForm);
    }
    known_extensions_only(&parsed)?;
    if parsed.basic_constraints().map_err(malformed)?.is_some_and(|constraints| constraints.value.ca) {
        return Err(attribute("basic constraints", "say that it is an authority, which signs no transactions"));
    }
    if !parsed.key_usage().map_err(malformed)?.is_some_and(|usage| usage.value.digital_signature()) {
        return Err(attribute("key usage", "does not allow digital signatures"));
    }
    let organisation = one(parsed.subject().iter_organization(), "organisation")?;
    if organisation != party.as_str() {
        return Err(attribute("organisation", &format!("is {organisation:?}, not {:?}", party.as_str())));
    }
    let unit = one(parsed.subject().iter_organizational_unit(), "role")?;
    let role =
        role_of(unit).ok_or_else(|| attribute("role", &format!("is {unit:?}, which is no role of the ledger")))?;
    let (not_before, not_after) = validity(&parsed);
    if not_before < authority.not_before || not_after > authority.not_after {
        return Err(attribute("validity", "goes beyond that of its authority"));
    }
    let certificate = Certificate {
        fingerprint: fingerprint(der),
        party: party.clone(),
        role,
        site: site(&parsed)?,
        not_before,
        not_after,
        der: der.to_vec(),
    };
    Ok(Checked { certificate, public_key })
}

/// The organisation that a signer's certificate names, and its key: for a reader who has no authority at hand.
pub fn subject_and_key(der: &[u8]) -> Result<(PartyId, [u8; 65]), PkiError> {
    let parsed = parse(der)?;
    let organisation = one(parsed.subject().iter_organization(), "organisation")?;
    let party = PartyId::parse(organisation).map_err(|error| attribute("organisation", &error.to_string()))?;
    Ok((party, public_key(&parsed)?))
}

/// The key of a certificate that `authority` issued, whatever else the certificate says.
pub(crate) fn key_issued_by(der: &[u8], authority: &AuthorityCertificate) -> Result<[u8; 65], PkiError> {
    let parsed = parse(der)?;
    if parsed.issuer().as_raw() != authority.subject || verify(&parsed, &authority.public_key).is_err() {
        return Err(PkiError::Foreign("the given certificate".to_owned()));
    }
    public_key(&parsed)
}

/// The key of a certificate that is none of the ledger's own, and from when until when it is valid.
#[cfg(feature = "fabric")]
pub(crate) fn key_and_validity(der: &[u8]) -> Result<([u8; 65], Timestamp, Timestamp), PkiError> {
    let parsed = parse(der)?;
    let (not_before, not_after) = validity(&parsed);
    Ok((public_key(&parsed)?, not_before, not_after))
}

/// The one certificate of a PEM text, as DER.
pub fn parse_pem(text: &str) -> Result<Vec<u8>, PkiError> {
    let mut found = x509_parser::pem::Pem::iter_from_buffer(text.as_bytes());
    let pem = found.next().ok_or_else(|| PkiError::Malformed("no PEM block".to_owned()))?;
    let pem = pem.map_err(|error| PkiError::Malformed(error.to_string()))?;
    if pem.label != "CERTIFICATE" || found.next().is_some() {
        return Err(PkiError::Malformed("expected one PEM block of the kind CERTIFICATE".to_owned()));
    }
    Ok(pem.contents)
}

/// A DER certificate as PEM.
pub fn to_pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, PkiError> {
    let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| PkiError::Malformed(error.to_string()))?;
    if !rest.is_empty() {
        return Err(PkiError::Malformed("bytes follow the certificate".to_owned()));
    }
    let inner = oid(&parsed.tbs_certificate.signature);
    if inner != ECDSA_WITH_SHA256 || oid(&parsed.signature_algorithm) != inner {
        return Err(PkiError::Algorithm(format!("the signature algorithm {inner}")));
    }
    if canonical(parsed.tbs_certificate.as_ref(), parsed.signature_value.as_ref()) != der {
        return Err(PkiError::Malformed("it is not in its one DER form".to_owned()));
    }
    Ok(parsed)
}

/// The one encoding of what the authority signed with its signature. The frame around the signed part is not signed itself:
/// were other encodings let in, a revoked certificate could come back under another fingerprint.
fn canonical(signed: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut content = signed.to_vec();
    content.extend([0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
    content.extend(tlv(0x03, &[&[0], signature].concat()));
    tlv(0x30, &content)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = length.iter().position(|digit| *digit != 0).map_or(&length[7..], |first| &length[first..]);
    let mut bytes = vec![tag];
    if content.len() > 127 {
        bytes.push(0x80 | u8::try_from(digits.len()).expect("at most 8"));
    }
    bytes.extend(digits);
    bytes.extend(content);
    bytes
}

fn oid(algorithm: &AlgorithmIdentifier<'_>) -> String {
    algorithm.algorithm.to_id_string()
}

pub(super) fn public_key(parsed: &X509Certificate<'_>) -> Result<[u8; 65], PkiError> {
    let key = parsed.public_key();
    let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
    let curve = curve.map(|curve| curve.to_id_string()).unwrap_or_default();
    if oid(&key.algorithm) != EC_PUBLIC_KEY || curve != P256 {
        return Err(PkiError::Algorithm(format!("a key of the kind {} {curve}", oid(&key.algorithm))));
    }
    let point: &[u8] = key.subject_public_key.as_ref();
    <[u8; 65]>::try_from(point)
        .ok()
        .filter(|point| point.starts_with(&[4]))
        .ok_or_else(|| PkiError::Algorithm("a compressed or malformed point".to_owned()))
}

pub(super) fn verify(parsed: &X509Certificate<'_>, issuer_key: &[u8; 65]) -> Result<(), ()> {
    verify_bytes(parsed.tbs_certificate.as_ref(), parsed.signature_value.as_ref(), issuer_key)
}

pub(super) fn verify_bytes(signed: &[u8], signature: &[u8], issuer_key: &[u8; 65]) -> Result<(), ()> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, issuer_key).verify(signed, signature).map_err(|_| ())
}

fn known_extensions_only(parsed: &X509Certificate<'_>) -> Result<(), PkiError> {
    for extension in parsed.extensions().iter().filter(|extension| extension.critical) {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::SubjectAlternativeName(_) => {}
            _ => return Err(PkiError::Malformed(format!("unknown critical extension {}", extension.oid))),
        }
    }
    Ok(())
}

fn validity(parsed: &X509Certificate<'_>) -> (Timestamp, Timestamp) {
    let milliseconds = |seconds: i64| Timestamp(seconds.saturating_mul(1000));
    let validity = parsed.validity();
    (milliseconds(validity.not_before.timestamp()), milliseconds(validity.not_after.timestamp()))
}

fn site(parsed: &X509Certificate<'_>) -> Result<Option<Site>, PkiError> {
    let Some(names) = parsed.subject_alternative_name().map_err(malformed)? else { return Ok(None) };
    let mut site = None;
    for name in &names.value.general_names {
        let GeneralName::URI(uri) = name else { continue };
        let Some(gln) = uri.strip_prefix(GLN_URI) else { continue };
        let number = (gln.len() == 13).then(|| gln.parse::<u64>().ok()).flatten();
        let number = number.ok_or_else(|| attribute("GLN", &format!("{gln:?} is not 13 digits")))?;
        if site.replace(Site(number)).is_some() {
            return Err(attribute("GLN", "stands there twice"));
        }
    }
    Ok(site)
}

fn one<'a>(
    mut values: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
    what: &'static str,
) -> Result<&'a str, PkiError> {
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(attribute(what, "does not stand there exactly once"));
    };
    value.as_str().map_err(|error| attribute(what, &error.to_string()))
}

fn attribute(attribute: &'static str, problem: &str) -> PkiError {
    PkiError::Attribute { attribute, problem: problem.to_owned() }
}

pub(super) fn malformed(error: impl std::fmt::Display) -> PkiError {
    PkiError::Malformed(error.to_string())
}
