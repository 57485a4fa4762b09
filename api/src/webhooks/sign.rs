//! Signatures: HMAC-SHA-256 over `id.timestamp.body`.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use veridose_store::Secret;

/// The secret as its owner keeps it.
pub(crate) fn written(secret: &Secret) -> String {
    format!("whsec_{}", BASE64.encode(secret.as_slice()))
}

/// The value of `webhook-signature`: one signature for each secret, parted by blanks.
pub(super) fn signature(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let one = |secret: &Secret| one(secret.as_slice(), id, timestamp, body);
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn one(secret: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let tag = sign(&Key::new(HMAC_SHA256, secret), format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_reference_libraries() {
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed = one(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signature(&[Secret::new([8; 32]), Secret::new([7; 32])], "m", 1, "{}");
        assert_eq!(both, format!("{} {}", one(&[8; 32], "m", 1, "{}"), one(&[7; 32], "m", 1, "{}")));
    }
}
