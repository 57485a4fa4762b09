//! Who is calling: access tokens (JWT) from any `OpenID` Connect issuer, and from the embedded one.
//!
//! The algorithm comes from the issuer's key, never from the token; keys come from the configured issuer, never from what the
//! token's header points at (`jku`, `x5u`, `jwk` are ignored); audience, issuer, expiry and subject are always checked. A browser
//! shows a session instead, which was opened with such a token.

mod authority;
mod caller;
mod embedded;
mod keyset;
mod known;
mod remote;
mod scope;
mod session;
mod sign_in;
#[cfg(test)]
mod tests;

pub use authority::{AuthError, Authority};
pub use caller::{Caller, CallingPatient, Role};
pub use embedded::{Embedded, Grant};
pub(crate) use keyset::KeySet;
pub use remote::check_issuer_url;
pub use scope::{Context, Interaction, Scopes, resource_of};
pub(crate) use session::terms;
pub use session::{SessionTerms, SignedIn};
pub(crate) use sign_in::Pending;
