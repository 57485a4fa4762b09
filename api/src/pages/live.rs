//! What is new, while a page is open: server-sent events (WHATWG HTML, section 9.2).
//!
//! A stream begins at the entry of the ledger that the page was made from, or that its browser heard of last, so nothing falls between
//! page and stream, or between two streams.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{ContentEncoding, HeaderName};
use actix_web::{HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use fluent_bundle::FluentValue;
use futures_util::stream;
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::Instant;

use super::visitor::Worker;
use super::words::Words;
use crate::auth::{SessionTerms, SignedIn, terms};
use crate::live::{Heard, Listener, News, jobs_now, since};
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::actor;

/// A silent stream says so often that it lives, and looks whether its session does.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a look at the session counts.
const SESSION_LOOK: Duration = Duration::from_secs(1);
/// Seconds after which to come again where too many listen.
const RETRY_SECONDS: u64 = 30;

const AGAIN: &str = "event: again\ndata: {}\n\n";
const OVER: &str = "event: over\ndata: {}\n\n";

/// From which entry on.
#[derive(Deserialize)]
pub(super) struct Begin {
    from: Option<u64>,
}

/// One stream.
struct Stream {
    node: web::Data<Node>,
    terms: web::Data<SessionTerms>,
    signed_in: SignedIn,
    listener: Listener,
    first: VecDeque<String>,
    looked: Instant,
    is_over: bool,
}

#[get("/live")]
pub(super) async fn follow(
    worker: Worker,
    node: web::Data<Node>,
    query: web::Query<Begin>,
) -> Result<HttpResponse, Problem> {
    let actor = actor(&node, worker.caller())?;
    let listener = node.live().listen(worker.signed_in.csrf(), actor.party.clone());
    let listener = listener.ok_or_else(|| Problem::slow_down(RETRY_SECONDS))?;
    // Only now: what comes after this is heard.
    let reached = node.projector().progress().projected;
    let from = heard_last(&worker.request).or(query.from).unwrap_or(reached);
    let mut stream = Stream {
        terms: terms(&worker.request).clone(),
        node,
        signed_in: worker.signed_in,
        listener,
        first: VecDeque::from([format!("retry: 2000\nid: {reached}\n\n")]),
        looked: Instant::now(),
        is_over: false,
    };
    let missed = since(&stream.node, from.min(reached)..reached).await.map_err(Problem::internal)?;
    match missed {
        Some(news) => stream.begin(news.iter().filter(|news| news.audience.has(&actor))),
        None => stream.first.push_back(AGAIN.to_owned()),
    }
    let jobs = jobs_now(&stream.node, &actor.party).await?;
    stream.begin(jobs.iter());
    let body = stream::unfold(stream, |mut stream| async move {
        let text = stream.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), stream))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        // Neither this server nor a proxy before it may wait until there is more.
        .insert_header(ContentEncoding::Identity)
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(body))
}

/// What the browser heard last, where it comes again.
fn heard_last(request: &HttpRequest) -> Option<u64> {
    request.headers().get("last-event-id")?.to_str().ok()?.parse().ok()
}

impl Stream {
    fn begin<'a>(&mut self, news: impl Iterator<Item = &'a News>) {
        self.first.extend(news.map(text));
    }

    /// What is sent next; nothing at the end.
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        loop {
            if self.is_over {
                return None;
            }
            let heard = tokio::time::timeout(HEARTBEAT, self.listener.next()).await;
            if !self.is_signed_in().await {
                self.is_over = true;
                return Some(OVER.to_owned());
            }
            match heard {
                Err(_) => return Some(":\n\n".to_owned()),
                Ok(Heard::Closing) => return None,
                Ok(Heard::TooMuch) => return Some(AGAIN.to_owned()),
                Ok(Heard::News(news)) if self.is_for(&news) => return Some(text(&news)),
                Ok(Heard::News(_)) => {}
            }
        }
    }

    /// Judged anew each time, by the ledger's record of the member as it stands.
    fn is_for(&self, news: &News) -> bool {
        actor(&self.node, &self.signed_in.caller).is_ok_and(|actor| news.audience.has(&actor))
    }

    /// A stream does not outlive its session, and does not keep it awake.
    async fn is_signed_in(&mut self) -> bool {
        if self.looked.elapsed() < SESSION_LOOK {
            return true;
        }
        self.looked = Instant::now();
        // A database that is away for a moment ends no stream.
        self.signed_in.is_open(&self.terms, &self.node.store().sessions).await.unwrap_or(true)
    }
}

fn text(news: &News) -> String {
    let id = news.next.map(|next| format!("id: {next}\n")).unwrap_or_default();
    format!("{id}event: {}\ndata: {}\n\n", news.kind, news.data)
}

/// A line that `live.js` shows when something of these kinds (separated by spaces) came, with the way to it. `said` is the key of words
/// with a `count`.
pub(super) fn notice(words: &Words, kinds: &str, said: &str, to: Option<&str>) -> Markup {
    let said = words.with(said, [("count", FluentValue::from("{count}"))]);
    html! {
        div role="status" data-live=(kinds) data-live-said=(said) data-live-again=(words.say("live-again")) {
            p.notice.news hidden { span {} @if let Some(to) = to { " " a href=(to) { (words.say("live-show")) } } }
        }
    }
}
