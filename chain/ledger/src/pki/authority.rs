//! An organisation's certificate authority: made once, then asked for a certificate for each key that signs.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use time::OffsetDateTime;
use veridose_contract::{Certificate, PartyId, Role, Site, Timestamp};
use zeroize::Zeroizing;

use super::{AuthorityCertificate, GLN_URI, PkiError, check, role_name};

/// What a certificate is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The organisation's role on the ledger.
    pub role: Role,
    /// The site that the key belongs to, if it is bound to one.
    pub site: Option<Site>,
    /// First moment of validity; X.509 counts whole seconds.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
}

/// A certificate with the private key it certifies.
pub struct Issued {
    /// As the ledger registers it.
    pub certificate: Certificate,
    /// PKCS#8 of the key; to be sealed before it is written anywhere.
    pub key: Zeroizing<Vec<u8>>,
}

/// The authority: its key and its own certificate.
pub struct Authority {
    party: PartyId,
    certificate: AuthorityCertificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new authority, valid between the two moments.
    pub fn create(party: &PartyId, not_before: Timestamp, not_after: Timestamp) -> Result<Self, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| key_error(&error))?;
        let mut params = authority_params(party);
        params.not_before = moment(not_before)?;
        params.not_after = moment(not_after)?;
        let der = params.self_signed(&key).map_err(|error| key_error(&error))?.der().to_vec();
        Ok(Self {
            party: party.clone(),
            certificate: AuthorityCertificate::parse(&der)?,
            issuer: Issuer::new(params, key),
        })
    }

    /// Takes up an authority from its PKCS#8 key and its DER certificate.
    pub fn load(party: &PartyId, pkcs8: &[u8], der: &[u8]) -> Result<Self, PkiError> {
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_ECDSA_P256_SHA256)
            .map_err(|error| key_error(&error))?;
        let certificate = AuthorityCertificate::parse(der)?;
        if certificate.public_key() != key.public_key_raw() {
            return Err(PkiError::Key("the key is not that of the authority's certificate".to_owned()));
        }
        Ok(Self { party: party.clone(), certificate, issuer: Issuer::new(authority_params(party), key) })
    }

    /// Its own certificate, DER.
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Its key as PKCS#8; to be sealed before it is written anywhere.
    pub fn key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.issuer.key().serialize_der())
    }

    /// Makes a key and certifies it.
    pub fn issue(&self, request: &Request) -> Result<Issued, PkiError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|error| key_error(&error))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&self.party, &format!("{} signer", self.party));
        params.distinguished_name.push(DnType::OrganizationalUnitName, role_name(request.role));
        params.not_before = moment(request.not_before)?;
        params.not_after = moment(request.not_after)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        if let Some(site) = request.site {
            let uri = format!("{GLN_URI}{:013}", site.0).try_into().map_err(|error| key_error(&error))?;
            params.subject_alt_names = vec![SanType::URI(uri)];
        }
        // Every second signature is in the canonical form (low s); the others are made again.
        let mut der = params.signed_by(&key, &self.issuer).map_err(|error| key_error(&error))?.der().to_vec();
        for _ in 0..SIGNATURES_MAX {
            match check(&der, &self.certificate, &self.party) {
                Ok(checked) => {
                    return Ok(Issued { certificate: checked.certificate, key: Zeroizing::new(key.serialize_der()) });
                }
                Err(PkiError::SecondForm) => {
                    der = params.signed_by(&key, &self.issuer).map_err(|error| key_error(&error))?.der().to_vec();
                }
                Err(error) => return Err(error),
            }
        }
        Err(PkiError::SecondForm)
    }
}

/// A signature in the other form comes up this often in a row once in 2^128 times.
const SIGNATURES_MAX: usize = 128;

fn authority_params(party: &PartyId) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(party, &format!("{party} authority"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(party: &PartyId, common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, party.as_str());
    name.push(DnType::CommonName, common);
    name
}

fn moment(time: Timestamp) -> Result<OffsetDateTime, PkiError> {
    OffsetDateTime::from_unix_timestamp(time.0.div_euclid(1000))
        .map_err(|error| PkiError::Attribute { attribute: "validity", problem: error.to_string() })
}

fn key_error(error: &rcgen::Error) -> PkiError {
    PkiError::Key(error.to_string())
}
