//! Certificates of members. The host has compared the fields with the DER and checked the CA's signature.

use sha2::{Digest, Sha256};

use super::Turn;
use crate::command::{Certificate, Command, Role};
use crate::id::Fingerprint;
use crate::key;
use crate::limits::CERTIFICATE_BYTES_MAX;
use crate::read;
use crate::record::CertificateRecord;
use crate::rejection::{Code, Stop, refuse};

/// Registers a certificate of the acting party.
pub(super) fn register(turn: &mut Turn<'_>, certificate: &Certificate) -> Result<(), Stop> {
    if certificate.der.len() > CERTIFICATE_BYTES_MAX {
        return refuse(Code::LimitExceeded, format!("a certificate has at most {CERTIFICATE_BYTES_MAX} bytes"));
    }
    let party = &turn.party.party;
    if certificate.party != party.id || certificate.role != party.role {
        let text = format!("the certificate is for {} as {:?}", certificate.party, certificate.role);
        return refuse(Code::CertificateMismatch, text);
    }
    if certificate.site.is_some_and(|site| !party.sites.contains(&site)) {
        return refuse(Code::CertificateMismatch, format!("the certificate's GLN is no site of {}", party.id));
    }
    if <[u8; 32]>::from(Sha256::digest(&certificate.der)) != certificate.fingerprint.0 {
        return refuse(Code::CertificateMismatch, "the fingerprint is not the SHA-256 of the certificate");
    }
    if read::certificate(&turn.state, &certificate.fingerprint)?.is_some() {
        return refuse(Code::CertificateExists, format!("certificate {} is registered", certificate.fingerprint));
    }
    let record = CertificateRecord { certificate: certificate.clone(), revoked: None };
    turn.state.put(key::certificate(&certificate.fingerprint), &record);
    Ok(())
}

/// Revokes a certificate of the acting party; a regulator revokes any.
pub(super) fn revoke(turn: &mut Turn<'_>, command: &Command, fingerprint: &Fingerprint) -> Result<(), Stop> {
    let Some(mut record) = read::certificate(&turn.state, fingerprint)? else {
        return refuse(Code::UnknownCertificate, format!("certificate {fingerprint} is not registered"));
    };
    if record.certificate.party != *turn.me() && turn.role() != Role::Regulator {
        let text =
            format!("certificate {fingerprint} is {}'s; only it or a regulator revokes it", record.certificate.party);
        return refuse(Code::WrongParty, text);
    }
    if record.revoked.is_some() {
        return refuse(Code::CertificateRevoked, format!("certificate {fingerprint} is revoked"));
    }
    record.revoked = Some(turn.mark(command));
    turn.state.put(key::certificate(fingerprint), &record);
    Ok(())
}
