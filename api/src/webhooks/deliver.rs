//! One try to deliver one message.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::StatusCode;
use serde::Deserialize;
use uuid::Uuid;
use veridose_store::{Delivery, Job, Secret, Try, Webhook};

use super::sign::signature;
use super::target::Target;
use crate::node::Node;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a job says.
#[derive(Debug, Deserialize)]
struct Errand {
    webhook: Uuid,
    message: String,
}

/// Delivers a message. An error means that it is tried again, as long as there are tries left.
pub(crate) async fn deliver(node: &Arc<Node>, job: &Job) -> anyhow::Result<()> {
    let Errand { webhook: id, message } =
        serde_json::from_value(job.payload.clone()).context("the job says nothing")?;
    let webhooks = &node.store().webhooks;
    let Some((webhook, delivery, secrets)) = webhooks.waiting(id, &message).await? else { return Ok(()) };
    let is_last = job.attempts >= job.attempts_max;
    let ended = match send(node, &webhook, &delivery, &secrets).await {
        Ok(status) if status.is_success() => Try::Taken(status.as_u16()),
        Ok(StatusCode::GONE) => Try::Gone(StatusCode::GONE.as_u16()),
        Ok(status) => failed(is_last, Some(status.as_u16()), format!("the receiver answered {status}")),
        Err(error) => failed(is_last, None, error),
    };
    webhooks.tried(id, &message, &ended).await?;
    match ended {
        Try::Taken(_) | Try::Gone(_) => Ok(()),
        Try::Failed(_, error) | Try::GivenUp(_, error) => Err(anyhow::Error::msg(error)),
    }
}

const fn failed(is_last: bool, status: Option<u16>, error: String) -> Try {
    if is_last { Try::GivenUp(status, error) } else { Try::Failed(status, error) }
}

/// Sends it to an address that was checked, along no redirection and through no proxy.
async fn send(node: &Node, webhook: &Webhook, delivery: &Delivery, secrets: &[Secret]) -> Result<StatusCode, String> {
    let private = node.webhooks().private_addresses;
    let target = Target::parse(&webhook.url, private)?;
    let addresses = target.resolve(private).await?;
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .resolve_to_addrs(target.host(), &addresses)
        .build()
        .map_err(|error| error.to_string())?;
    // The receiver's clock is the world's, not that of a node that replays another day.
    let timestamp = crate::node::Clock::default().now().0.div_euclid(1_000);
    let sent = client
        .post(target.url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", &delivery.message)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature(secrets, &delivery.message, timestamp, &delivery.body))
        .body(delivery.body.clone())
        .send()
        .await;
    // What a receiver answers besides is not read.
    sent.map(|answer| answer.status()).map_err(|error| {
        let kind = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        format!("{} {kind}", target.host())
    })
}
