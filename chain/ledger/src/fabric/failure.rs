//! Why peers did not do what they were asked, told apart by what to do next.

use fabric_sdk::fabric::gateway::ErrorDetail;
use prost::Message as _;
use tonic::{Code, Status};

use crate::LedgerError;
use crate::wire::{Refusals, STATUS_REFUSED};

/// A failure of a call. None of them says that something was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The chaincode refused transactions.
    #[error("the chaincode refused {} transactions", .0.refused.len())]
    Refused(Refusals),
    /// The chaincode answered with another status than that.
    #[error("the chaincode answered with status {status}: {message}")]
    Chaincode { status: i32, message: String },
    /// Endorsers saw different states; soon they see the same.
    #[error("the endorsers do not agree: {0}")]
    Mismatch(String),
    /// Too few organisations endorse, as far as the gateway knows its peers.
    #[error("{0}")]
    NotEndorsed(String),
    /// This identity may not.
    #[error("{0}")]
    Denied(String),
    /// The peer is not there, too slow, or no gateway; another may do.
    #[error("{0}")]
    Unreachable(String),
    /// The peer has no gateway service.
    #[error("peer {0} is no gateway: it needs peer.gateway.enabled in its core.yaml")]
    NoGateway(String),
    /// An answer is not in its form, or the own key failed.
    #[error("{0}")]
    Other(String),
}

/// `google.rpc.Status`, which gRPC puts beside an error.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<RpcAny>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcAny {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Other(error.to_string())
    }
}

impl Failure {
    /// What a gateway's error means. The details say which endorser said what.
    pub(crate) fn of(peer: &str, status: &Status) -> Self {
        let details = RpcStatus::decode(status.details()).unwrap_or_default().details;
        let details: Vec<ErrorDetail> = details
            .iter()
            .filter(|any| any.type_url.ends_with("gateway.ErrorDetail"))
            .filter_map(|any| ErrorDetail::decode(any.value.as_slice()).ok())
            .collect();
        if let Some(failure) = details.iter().find_map(|detail| chaincode(&detail.message)) {
            return failure;
        }
        let mut text = format!("peer {peer}: {}", status.message());
        for detail in &details {
            text = format!("{text}; {} of {}: {}", detail.address, detail.msp_id, detail.message);
        }
        if text.contains("ProposalResponsePayloads do not match") {
            return Self::Mismatch(text);
        }
        // What peers and orderers say of a creator whose certificate is revoked or not of the channel.
        if ["access denied", "status=FORBIDDEN"].iter().any(|said| text.contains(said)) {
            return Self::Denied(text);
        }
        match status.code() {
            Code::Unimplemented => Self::NoGateway(peer.to_owned()),
            Code::PermissionDenied | Code::Unauthenticated => Self::Denied(text),
            Code::Aborted | Code::FailedPrecondition => Self::NotEndorsed(text),
            _ => match chaincode(status.message()) {
                Some(failure) => failure,
                None => Self::Unreachable(text),
            },
        }
    }

    /// An answer that cannot be read.
    pub(crate) fn malformed(error: impl std::fmt::Display) -> Self {
        Self::Other(format!("a peer's answer is malformed: {error}"))
    }

    /// Whether another peer may do better.
    pub(crate) const fn is_of_the_peer(&self) -> bool {
        match self {
            // Another gateway may know other endorsers.
            Self::Unreachable(_) | Self::NoGateway(_) | Self::Denied(_) | Self::NotEndorsed(_) => true,
            Self::Refused(_) | Self::Chaincode { .. } | Self::Mismatch(_) | Self::Other(_) => false,
        }
    }
}

/// The chaincode's own answer, which gateways give as `chaincode response STATUS, MESSAGE`.
fn chaincode(text: &str) -> Option<Failure> {
    let (_, answer) = text.split_once("chaincode response ")?;
    let (status, message) = answer.split_once(", ")?;
    let status: i32 = status.parse().ok()?;
    if status == STATUS_REFUSED
        && let Ok(refusals) = serde_json::from_str(message)
    {
        return Some(Failure::Refused(refusals));
    }
    Some(Failure::Chaincode { status, message: message.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: Code, message: &str, details: &[&str]) -> Status {
        let detail = |message: &&str| {
            let detail = ErrorDetail {
                address: "127.0.0.1:7051".into(),
                msp_id: "MakerMSP".into(),
                message: (*message).to_owned(),
            };
            RpcAny { type_url: "type.googleapis.com/gateway.ErrorDetail".into(), value: detail.encode_to_vec() }
        };
        let details = RpcStatus { details: details.iter().map(detail).collect() }.encode_to_vec();
        Status::with_details(code, message, details.into())
    }

    #[test]
    fn refusals_come_out_of_the_details() {
        let refusals = Refusals { refused: Vec::new(), complete: true };
        let text = format!("chaincode response 409, {}", serde_json::to_string(&refusals).expect("JSON"));
        let aborted = status(Code::Aborted, "failed to endorse transaction", &["connection refused", &text]);
        assert_eq!(Failure::of("p", &aborted), Failure::Refused(refusals));
    }

    #[test]
    fn kinds_are_told_apart() {
        let of = |code, message: &str, details: &[&str]| Failure::of("p", &status(code, message, details));
        assert!(matches!(
            of(Code::Aborted, "failed", &["chaincode response 500, the state failed, twice"]),
            Failure::Chaincode { status: 500, message } if message == "the state failed, twice"
        ));
        assert!(matches!(of(Code::Aborted, "ProposalResponsePayloads do not match", &[]), Failure::Mismatch(_)));
        let said = "error validating proposal: access denied: channel [veridose] creator org [MakerMSP]";
        assert!(matches!(of(Code::Aborted, "failed to endorse", &[said]), Failure::Denied(_)));
        assert!(matches!(of(Code::Unimplemented, "unknown service", &[]), Failure::NoGateway(_)));
        assert!(matches!(of(Code::Unavailable, "connection refused", &[]), Failure::Unreachable(_)));
        let few = of(Code::FailedPrecondition, "no combination of peers", &["x"]);
        assert!(matches!(&few, Failure::NotEndorsed(text) if text.contains("MakerMSP: x")));
        assert!(few.is_of_the_peer());
    }
}
