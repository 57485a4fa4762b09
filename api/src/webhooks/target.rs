//! Where a message may go: no address of a private network, whatever a name resolves to, unless the node is set up so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;

/// Length of a URL, in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// A receiver's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(super) url: Url,
    host: String,
    port: u16,
}

impl Target {
    /// Reads a URL: https, or http to this very machine where private addresses are allowed.
    pub(crate) fn parse(text: &str, private: bool) -> Result<Self, String> {
        if text.len() > URL_BYTES_MAX {
            return Err(format!("a URL has at most {URL_BYTES_MAX} bytes"));
        }
        let url = Url::parse(text).map_err(|error| format!("this is no URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL must carry no user name or password: messages are signed".to_owned());
        }
        let Some(host) = url.host_str() else { return Err("the URL names no host".to_owned()) };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let address = host.parse::<IpAddr>().ok();
        let is_here = address.is_some_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if private && is_here => {}
            _ => return Err("messages go to https URLs alone".to_owned()),
        }
        if address.is_some_and(|address| !private && !is_public(address)) {
            return Err(format!("{host} is an address of a private network, to which messages do not go"));
        }
        let port = url.port_or_known_default().ok_or("the URL names no port")?;
        Ok(Self { url, host, port })
    }

    /// The addresses that the host's name has now, all of which must be allowed: one that is checked is the one that is used.
    pub(super) async fn resolve(&self, private: bool) -> Result<Vec<SocketAddr>, String> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found: Vec<SocketAddr> = found.map_err(|error| format!("{} has no address: {error}", self.host))?.collect();
        if found.is_empty() {
            return Err(format!("{} has no address", self.host));
        }
        match found.iter().find(|address| !private && !is_public(address.ip())) {
            Some(_) => Err(format!("{} is in a private network, to which messages do not go", self.host)),
            None => Ok(found),
        }
    }

    /// The host's name.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// Whether an address is one of the open internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        // Shared by carriers, protocol assignments, benchmarks, reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    // Global unicast is 2000::/3; in it lie protocol assignments and Teredo (2001::/23), documentation (2001:db8::/32,
    // 3fff::/20) and 6to4 (2002::/16), which carry or stand for others.
    let segments = address.segments();
    let is_global = segments[0] & 0xe000 == 0x2000;
    let is_special = (segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        || segments[0] == 0x2002
        || (segments[0] == 0x3fff && segments[1] < 0x1000);
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for text in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
        ] {
            let error = Target::parse(text, false).expect_err(text);
            assert!(error.contains("private network"), "{text}: {error}");
            assert!(Target::parse(text, true).is_ok(), "{text} where it is allowed");
        }
        for text in ["https://93.184.216.34/", "https://[2606:2800:220:1::1]/", "https://agency.example:8443/hook"] {
            assert!(Target::parse(text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_https_without_credentials_and_plain_http_to_this_machine_where_allowed() {
        for text in
            ["http://agency.example/", "ftp://agency.example/", "http://127.0.0.1/", "agency.example", "https://"]
        {
            assert!(Target::parse(text, false).is_err(), "{text}");
        }
        assert!(Target::parse("http://127.0.0.1:9/", true).is_ok());
        assert!(Target::parse("http://10.0.0.1/", true).is_err(), "another machine must have TLS");
        assert!(Target::parse("https://me:secret@agency.example/", false).is_err());
        assert!(Target::parse(&format!("https://a.example/{}", "x".repeat(3_000)), false).is_err());
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_found_out_when_it_is_used() {
        let target = Target::parse("https://localhost/", false).expect("a name says nothing yet");
        assert!(target.resolve(false).await.expect_err("it is this machine").contains("private network"));
        assert!(target.resolve(true).await.is_ok());
    }
}
