//! Who submitted the transaction to Fabric: the organisation's MSP and the certificate.

use std::collections::BTreeMap;

use fabric_sdk::fabric::msp::SerializedIdentity;
use prost::Message as _;

use super::ShimError;

/// X.509 extension in which Fabric CA writes attributes, as JSON.
const ATTRIBUTES_OID: &str = "1.2.3.4.5.6.7.8.1";

/// The submitter. The peer has checked its signature and that the certificate is the MSP's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creator {
    /// Identifier of its MSP.
    pub msp_id: String,
    /// Its certificate, PEM.
    pub certificate: Vec<u8>,
}

impl Creator {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, ShimError> {
        let identity =
            SerializedIdentity::decode(bytes).map_err(|error| ShimError::malformed("creator", error.to_string()))?;
        Ok(Self { msp_id: identity.mspid, certificate: identity.id_bytes })
    }

    /// The attributes that Fabric CA put into the certificate; none if it put none there.
    pub fn attributes(&self) -> Result<BTreeMap<String, String>, ShimError> {
        let malformed = |problem: &dyn ToString| ShimError::malformed("creator's certificate", problem.to_string());
        let (_, pem) = x509_parser::pem::parse_x509_pem(&self.certificate).map_err(|error| malformed(&error))?;
        let certificate = pem.parse_x509().map_err(|error| malformed(&error))?;
        let extension = certificate.extensions().iter().find(|found| found.oid.to_id_string() == ATTRIBUTES_OID);
        let Some(extension) = extension else { return Ok(BTreeMap::new()) };
        let json: serde_json::Value = serde_json::from_slice(extension.value).map_err(|error| malformed(&error))?;
        let attributes = json.get("attrs").and_then(serde_json::Value::as_object);
        let attributes = attributes.ok_or_else(|| malformed(&"its attributes have no \"attrs\""))?;
        let text =
            |(name, value): (&String, &serde_json::Value)| value.as_str().map(|value| (name.clone(), value.to_owned()));
        attributes.iter().map(text).collect::<Option<_>>().ok_or_else(|| malformed(&"an attribute is no text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn creator(extension: Option<&[u8]>) -> Creator {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::default();
        parameters.custom_extensions = extension
            .map(|json| rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4, 5, 6, 7, 8, 1], json.to_vec()))
            .into_iter()
            .collect();
        let certificate = parameters.self_signed(&key).expect("a certificate").pem().into_bytes();
        let identity = SerializedIdentity { mspid: "NorthMSP".to_owned(), id_bytes: certificate };
        Creator::decode(&identity.encode_to_vec()).expect("our own")
    }

    #[test]
    fn attributes_of_the_certificate_authority_are_read() {
        let found = creator(Some(br#"{"attrs":{"hf.Affiliation":"","role":"pharmacist"}}"#));
        assert_eq!(found.msp_id, "NorthMSP");
        let attributes = found.attributes().expect("well formed");
        assert_eq!(attributes.get("role").map(String::as_str), Some("pharmacist"));
        assert_eq!(attributes.len(), 2);
    }

    #[test]
    fn a_certificate_without_attributes_has_none_and_a_malformed_one_is_an_error() {
        assert_eq!(creator(None).attributes(), Ok(BTreeMap::new()));
        for wrong in [&b"{}"[..], b"no json", br#"{"attrs":{"a":1}}"#] {
            assert!(creator(Some(wrong)).attributes().is_err());
        }
        assert!(Creator { msp_id: String::new(), certificate: b"no pem".to_vec() }.attributes().is_err());
        assert!(Creator::decode(&[0xff]).is_err());
    }
}
