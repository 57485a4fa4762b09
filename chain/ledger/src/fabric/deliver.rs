//! The stream of blocks from a peer. fabric-sdk generates the orderer's delivery only; the peer's differs in its path and
//! in kinds of answers that are not asked for here.

use fabric_sdk::fabric::common::{Block, Envelope, HeaderType, Status as BlockStatus};
use fabric_sdk::fabric::orderer::{
    DeliverResponse, SeekInfo, SeekPosition, SeekSpecified, deliver_response, seek_info, seek_position,
};
use prost::Message as _;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;
use veridose_contract::Timestamp;

use super::connection::{Connection, MESSAGE_BYTES_MAX};
use super::identity::Identity;
use super::proposal;
use crate::LedgerError;

const PATH: &str = "/protos.Deliver/Deliver";

/// Blocks as they come.
pub(crate) struct Blocks(Streaming<DeliverResponse>);

/// Asks for the block `from` and all after it. Done when the first answer comes: on a quiet channel that takes a while.
pub(crate) async fn follow(
    peer: &Connection,
    identity: &Identity,
    channel: &str,
    now: Timestamp,
    from: u64,
) -> Result<Blocks, LedgerError> {
    let at = |number| SeekPosition { r#type: Some(seek_position::Type::Specified(SeekSpecified { number })) };
    let seek = SeekInfo {
        start: Some(at(from)),
        stop: Some(at(u64::MAX)),
        behavior: seek_info::SeekBehavior::BlockUntilReady.into(),
        ..SeekInfo::default()
    };
    let envelope = proposal::envelope(identity, HeaderType::DeliverSeekInfo, channel, now, seek.encode_to_vec())?;
    let failed = |status: Status| LedgerError::Channel(format!("peer {}: {}", peer.name, status.message()));
    let mut client = Grpc::new(peer.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    client.ready().await.map_err(|error| LedgerError::Channel(format!("peer {}: {error}", peer.name)))?;
    let codec: ProstCodec<Envelope, DeliverResponse> = ProstCodec::default();
    // The request stays open: a peer ends the delivery when its asker has nothing more to say.
    let request = Request::new(OneThenSilence(Some(envelope)));
    let response = client.streaming(request, PathAndQuery::from_static(PATH), codec).await.map_err(failed)?;
    Ok(Blocks(response.into_inner()))
}

impl Blocks {
    /// The next block.
    pub(crate) async fn next(&mut self) -> Result<Block, LedgerError> {
        let answer = self.0.message().await.map_err(|status| LedgerError::Channel(status.message().to_owned()))?;
        match answer.and_then(|answer| answer.r#type) {
            Some(deliver_response::Type::Block(block)) => Ok(block),
            Some(deliver_response::Type::Status(status)) => {
                let status = BlockStatus::try_from(status).map_or("unknown", |status| status.as_str_name());
                Err(LedgerError::Channel(format!("the peer ended the delivery of blocks: {status}")))
            }
            None => Err(LedgerError::Channel("the peer ended the delivery of blocks".to_owned())),
        }
    }
}

/// A stream of one message that does not end.
struct OneThenSilence(Option<Envelope>);

impl tonic::codegen::tokio_stream::Stream for OneThenSilence {
    type Item = Envelope;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Envelope>> {
        // Nobody is woken, because nothing will come.
        self.0.take().map_or(std::task::Poll::Pending, |envelope| std::task::Poll::Ready(Some(envelope)))
    }
}
