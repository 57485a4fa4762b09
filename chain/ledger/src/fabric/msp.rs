//! The organisations of a channel as its configuration describes them (membership service providers), and whose certificate
//! is whose.

use std::collections::HashSet;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use fabric_sdk::fabric::common::msp_principal::Classification;
use fabric_sdk::fabric::common::msp_role::MspRoleType;
use fabric_sdk::fabric::common::{MspPrincipal, MspRole, OrganizationUnit};
use fabric_sdk::fabric::msp::{FabricMspConfig, FabricOuIdentifier, MspConfig, SerializedIdentity};
use prost::Message as _;

use crate::pki::{self, AuthorityCertificate, Foreign, Named};

/// The kind of MSP that is of X.509 certificates.
const X509: i32 = 0;

/// An organisation.
#[derive(Debug)]
pub(crate) struct Msp {
    pub(crate) id: String,
    authorities: Vec<AuthorityCertificate>,
    revoked: HashSet<Named>,
    /// Certificates (DER) that are administrators' whatever they say.
    admins: Vec<Vec<u8>>,
    /// Which units make a client, a peer, an administrator, an orderer; none where certificates do not say so.
    units: Option<[Unit; 4]>,
}

/// A unit that certificates name, and the authority (DER) that must have issued those, if any one must.
#[derive(Debug, Default)]
struct Unit {
    name: String,
    authority: Option<Vec<u8>>,
}

/// Somebody of an organisation, as its authority certified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) msp_id: String,
    serialized: Vec<u8>,
    units: Vec<String>,
    roles: Vec<MspRoleType>,
    key: [u8; 65],
}

impl Msp {
    /// From the value of an organisation's section of the configuration.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let config = MspConfig::decode(bytes).map_err(|error| error.to_string())?;
        if config.r#type != X509 {
            return Err("an organisation is not of X.509 certificates".to_owned());
        }
        let config = FabricMspConfig::decode(config.config.as_slice()).map_err(|error| error.to_string())?;
        let of = |error: pki::PkiError| format!("the organisation {}: {error}", config.name);
        let authorities = pki::authorities(&config.root_certs, &config.intermediate_certs).map_err(of)?;
        let mut revoked = HashSet::new();
        for list in &config.revocation_list {
            revoked.extend(pki::revoked(list, &authorities).map_err(of)?);
        }
        let admins = config.admins.iter().map(|pem| der(pem)).collect::<Result<_, _>>().map_err(of)?;
        let nodes = config.fabric_node_ous.filter(|units| units.enable);
        let units = nodes.map(|units| {
            let all = [
                units.client_ou_identifier,
                units.peer_ou_identifier,
                units.admin_ou_identifier,
                units.orderer_ou_identifier,
            ];
            all.map(Option::unwrap_or_default).map(Unit::read)
        });
        Ok(Self { id: config.name, authorities, revoked, admins, units })
    }

    fn person(&self, certificate: &[u8], serialized: &[u8]) -> Result<Person, String> {
        let of = |problem: &dyn std::fmt::Display| format!("a certificate said to be of {}: {problem}", self.id);
        let der = der(certificate).map_err(|error| of(&error))?;
        let read = Foreign::read(&der, &self.authorities).map_err(|error| of(&error))?;
        if self.revoked.contains(&read.name) {
            return Err(of(&"it was revoked"));
        }
        let issuer = self.authorities[read.issuer].der();
        let mut roles = vec![MspRoleType::Member];
        let kinds = [MspRoleType::Client, MspRoleType::Peer, MspRoleType::Admin, MspRoleType::Orderer];
        if let Some(units) = &self.units {
            let is_of = |unit: &Unit| {
                read.units.contains(&unit.name) && unit.authority.as_deref().is_none_or(|authority| authority == issuer)
            };
            roles.extend(kinds.into_iter().zip(units).filter(|(_, unit)| is_of(unit)).map(|(kind, _)| kind));
        }
        if self.admins.contains(&der) {
            roles.push(MspRoleType::Admin);
        }
        let (msp_id, serialized) = (self.id.clone(), serialized.to_vec());
        Ok(Person { msp_id, serialized, units: read.units, roles, key: read.key })
    }
}

impl Unit {
    fn read(identifier: FabricOuIdentifier) -> Self {
        let name = identifier.organizational_unit_identifier;
        Self { name, authority: der(&identifier.certificate).ok() }
    }
}

fn der(pem: &[u8]) -> Result<Vec<u8>, pki::PkiError> {
    pki::parse_pem(&String::from_utf8_lossy(pem))
}

impl Person {
    /// Who a serialized identity is, if one of these organisations certified it; why not, otherwise.
    pub(crate) fn read(serialized: &[u8], msps: &[Msp]) -> Result<Self, String> {
        let identity = SerializedIdentity::decode(serialized).map_err(|error| format!("no identity: {error}"))?;
        let msp = msps.iter().find(|msp| msp.id == identity.mspid);
        let msp = msp.ok_or_else(|| {
            format!("a certificate said to be of {:?}, which is no organisation of the channel", identity.mspid)
        })?;
        msp.person(&identity.id_bytes, serialized)
    }

    /// Whether this is a signature of theirs.
    pub(crate) fn signed(&self, bytes: &[u8], signature: &[u8]) -> Result<(), String> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.key)
            .verify(bytes, signature)
            .map_err(|_| format!("a signature said to be of {} does not hold", self.msp_id))
    }

    /// Whether a policy means them.
    pub(crate) fn is(&self, principal: &MspPrincipal) -> bool {
        let bytes = principal.principal.as_slice();
        match Classification::try_from(principal.principal_classification) {
            Ok(Classification::Role) => MspRole::decode(bytes).is_ok_and(|role| {
                role.msp_identifier == self.msp_id
                    && MspRoleType::try_from(role.role).is_ok_and(|role| self.roles.contains(&role))
            }),
            Ok(Classification::OrganizationUnit) => OrganizationUnit::decode(bytes).is_ok_and(|unit| {
                unit.msp_identifier == self.msp_id && self.units.contains(&unit.organizational_unit_identifier)
            }),
            Ok(Classification::Identity) => bytes == self.serialized,
            Ok(Classification::Anonymity | Classification::Combined) | Err(_) => false,
        }
    }
}
