//! How many requests one client may send: a token bucket for each address.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Config;

/// A token bucket for each client's address.
///
/// The address is the key and not the token, because a token that nobody has verified yet is whatever its sender likes.
pub struct Rate {
    buckets: Option<DefaultKeyedRateLimiter<IpAddr>>,
    trusted_proxies: Vec<IpAddr>,
}

impl Rate {
    /// As the configuration says; a rate of 0 switches the limit off.
    pub fn new(config: &Config) -> Self {
        let quota = NonZeroU32::new(config.limits.requests_per_second).map(|rate| {
            Quota::per_second(rate).allow_burst(NonZeroU32::new(config.limits.requests_burst).unwrap_or(rate))
        });
        Self { buckets: quota.map(RateLimiter::keyed), trusted_proxies: config.trusted_proxies.clone() }
    }

    /// Takes one request from the client's bucket; when it is empty, the seconds until it is not.
    pub fn check(&self, request: &ServiceRequest) -> Result<(), u64> {
        let (Some(buckets), Some(peer)) = (&self.buckets, request.peer_addr()) else { return Ok(()) };
        let client = client(peer.ip(), request.headers(), &self.trusted_proxies);
        buckets.check_key(&client).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    /// Forgets clients whose buckets are full again, so that memory follows the clients of the last minutes.
    pub fn forget_idle(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.retain_recent();
        }
    }
}

/// The client: the peer, or, as far as proxies are trusted, the last address in `X-Forwarded-For` that is not one of them.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let hops = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = hops.flat_map(|value| value.split(',')).map(|hop| hop.trim().parse::<IpAddr>()).collect();
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        match hop {
            Ok(hop) if trusted.contains(&client) => client = hop,
            Ok(_) | Err(_) => break,
        }
    }
    network(client)
}

/// One household or host may hold all of an IPv6 /64: it is one client.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        },
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(forwarded: &str) -> HeaderMap {
        let name = HeaderName::from_static("x-forwarded-for");
        HeaderMap::from_iter([(name, HeaderValue::from_str(forwarded).expect("a header"))])
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let (proxy, stranger) = (ip("10.0.0.1"), ip("192.0.2.9"));
        let check = |peer, forwarded, expected: &str| {
            assert_eq!(client(peer, &headers(forwarded), &[proxy]), ip(expected), "{peer} {forwarded}");
        };
        check(stranger, "203.0.113.5", "192.0.2.9");
        check(proxy, "203.0.113.5", "203.0.113.5");
        check(proxy, "1.1.1.1, 203.0.113.5", "203.0.113.5");
        check(proxy, "203.0.113.5, 10.0.0.1", "203.0.113.5");
        check(proxy, "nonsense", "10.0.0.1");
        check(proxy, "2001:db8::1:2:3:4", "2001:db8::");
    }
}
