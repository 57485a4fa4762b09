//! The connection profile: Fabric's common form (JSON) of who is where on a channel.
//!
//! ```json
//! { "client": { "organization": "maker" },
//!   "channels": { "veridose": {} },
//!   "organizations": { "maker": { "mspid": "MakerMSP", "peers": ["peer0.maker"] } },
//!   "peers": { "peer0.maker": { "url": "grpcs://127.0.0.1:7051", "tlsCACerts": { "path": "tls-ca.pem" } } } }
//! ```
//!
//! Peers of the client's own organisation come first, then those of the others: all of them are gateways.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::LedgerError;

/// What a profile says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The client's organisation, as its peers know it.
    pub msp_id: String,
    /// Every peer of the channel, the organisation's own first.
    pub peers: Vec<Peer>,
}

/// A peer and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name in the profile.
    pub name: String,
    /// The organisation that runs it.
    pub msp_id: String,
    /// `https://HOST:PORT`; without TLS `http://`.
    pub url: String,
    /// The name in its certificate, if it is not the host's.
    pub server_name: Option<String>,
    /// The certificates (PEM) of the authority that its own must come from; none without TLS.
    pub authority_pem: Option<String>,
}

#[derive(Deserialize)]
struct File {
    client: Client,
    organizations: BTreeMap<String, Organization>,
    peers: BTreeMap<String, Node>,
    #[serde(default)]
    channels: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Client {
    organization: String,
}

#[derive(Deserialize)]
struct Organization {
    mspid: String,
    #[serde(default)]
    peers: Vec<String>,
}

#[derive(Deserialize)]
struct Node {
    url: String,
    #[serde(default, rename = "tlsCACerts")]
    authority: Option<Authority>,
    #[serde(default, rename = "grpcOptions")]
    options: Options,
}

#[derive(Deserialize)]
struct Authority {
    path: Option<String>,
    pem: Option<Pem>,
}

/// Written as one text by some tools and as a list by others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pem {
    One(String),
    Many(Vec<String>),
}

#[derive(Default, Deserialize)]
struct Options {
    #[serde(rename = "ssl-target-name-override")]
    server_name: Option<String>,
}

impl Profile {
    /// Reads a profile for a channel.
    pub fn read(path: &Path, channel: &str) -> Result<Self, LedgerError> {
        let at = |problem: String| {
            LedgerError::Configuration(format!("the connection profile {}: {problem}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
        let file: File =
            serde_json::from_str(&text).map_err(|error| at(format!("it is not in Fabric's form: {error}")))?;
        if !file.channels.is_empty() && !file.channels.contains_key(channel) {
            let known = file.channels.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(at(format!("it knows no channel {channel:?}, only {known}")));
        }
        let own = &file.client.organization;
        let Some(organization) = file.organizations.get(own) else {
            return Err(at(format!("the client's organisation {own:?} is not among its organisations")));
        };
        let others = file.organizations.iter().filter(|(name, _)| *name != own).map(|(_, other)| other);
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let mut peers = Vec::new();
        for of in std::iter::once(organization).chain(others) {
            for name in &of.peers {
                let node = file.peers.get(name).ok_or_else(|| at(format!("the peer {name:?} is not described")))?;
                peers.push(
                    node.peer(name, &of.mspid, folder).map_err(|problem| at(format!("peer {name:?}: {problem}")))?,
                );
            }
        }
        if peers.first().is_none_or(|peer| peer.msp_id != organization.mspid) {
            return Err(at(format!("the organisation {own:?} has no peer")));
        }
        Ok(Self { msp_id: organization.mspid.clone(), peers })
    }
}

impl Node {
    fn peer(&self, name: &str, msp_id: &str, folder: &Path) -> Result<Peer, String> {
        let (scheme, address) = self.url.split_once("://").unwrap_or(("", ""));
        let authority_pem = match (scheme, &self.authority) {
            ("grpcs", Some(authority)) => Some(authority.pem(folder)?),
            ("grpcs", None) => return Err("it has a TLS address and no tlsCACerts".to_owned()),
            ("grpc", _) => None,
            _ => return Err(format!("its url {:?} is not grpcs://HOST:PORT", self.url)),
        };
        let scheme = if authority_pem.is_some() { "https" } else { "http" };
        Ok(Peer {
            name: name.to_owned(),
            msp_id: msp_id.to_owned(),
            url: format!("{scheme}://{address}"),
            server_name: self.options.server_name.clone(),
            authority_pem,
        })
    }
}

impl Authority {
    fn pem(&self, folder: &Path) -> Result<String, String> {
        match (&self.pem, &self.path) {
            (Some(Pem::One(text)), _) => Ok(text.clone()),
            (Some(Pem::Many(texts)), _) => Ok(texts.concat()),
            (None, Some(path)) => {
                let path = folder.join(path);
                std::fs::read_to_string(&path).map_err(|error| format!("tlsCACerts {}: {error}", path.display()))
            }
            (None, None) => Err("its tlsCACerts have neither a path nor a pem".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile() -> serde_json::Value {
        json!({
            "name": "trial", "version": "1.0.0",
            "client": { "organization": "maker" },
            "channels": { "veridose": {} },
            "organizations": {
                "agency": { "mspid": "AgencyMSP", "peers": ["peer0.agency"] },
                "maker": { "mspid": "MakerMSP", "peers": ["peer0.maker"] },
            },
            "peers": {
                "peer0.maker": { "url": "grpcs://127.0.0.1:7051", "tlsCACerts": { "path": "ca.pem" } },
                "peer0.agency": {
                    "url": "grpcs://127.0.0.1:7052", "tlsCACerts": { "pem": ["B"] },
                    "grpcOptions": { "ssl-target-name-override": "peer0.agency" },
                },
            },
        })
    }

    fn read(profile: &serde_json::Value) -> Result<Profile, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), "A").expect("write");
        let path = folder.path().join("connection.json");
        std::fs::write(&path, profile.to_string()).expect("write");
        Profile::read(&path, "veridose").map_err(|error| error.to_string())
    }

    #[test]
    fn own_peers_come_first() {
        let profile = read(&profile()).expect("a good profile");
        assert_eq!(profile.msp_id, "MakerMSP");
        let [own, other] = profile.peers.as_slice() else { panic!("two peers") };
        assert_eq!((own.url.as_str(), own.authority_pem.as_deref()), ("https://127.0.0.1:7051", Some("A")));
        assert_eq!((other.msp_id.as_str(), other.server_name.as_deref()), ("AgencyMSP", Some("peer0.agency")));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |pointer: &str, value: serde_json::Value| {
            let mut changed = profile();
            *changed.pointer_mut(pointer).expect("there") = value;
            read(&changed).expect_err(pointer)
        };
        let said = wrong("/channels", json!({ "other": {} }));
        assert!(said.ends_with("it knows no channel \"veridose\", only other"), "{said}");
        assert!(wrong("/client/organization", json!("nobody")).contains("\"nobody\" is not among"));
        assert!(wrong("/organizations/maker/peers", json!([])).contains("\"maker\" has no peer"));
        assert!(wrong("/organizations/maker/peers", json!(["x"])).contains("\"x\" is not described"));
        assert!(wrong("/peers/peer0.maker/url", json!("127.0.0.1")).contains("grpcs://HOST:PORT"));
        assert!(wrong("/peers/peer0.maker/tlsCACerts/path", json!("none.pem")).contains("none.pem"));
        assert!(wrong("/peers", json!([])).contains("not in Fabric's form"));
        let missing = Profile::read(Path::new("/nonexistent/connection.json"), "veridose").expect_err("no file");
        assert!(missing.to_string().contains("/nonexistent/connection.json"), "{missing}");
    }
}
