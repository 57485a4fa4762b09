//! A request's body: as a stream of plain bytes, decompressed within bounds, or whole, within smaller ones.

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{FromRequest, HttpRequest};
use flate2::write::MultiGzDecoder;
use futures_util::StreamExt as _;

use crate::config::Limits;
use crate::problem::{Kind, Problem};

/// Compressed bytes that are decompressed at once: at the largest ratio that gzip reaches this is 4 MiB of output.
const STEP_BYTES: usize = 4 * 1_024;
/// Output up to which no ratio is asked for: a small document may well be mostly white space.
const FREE_BYTES: u64 = 1 << 20;

/// A body that is read piece by piece.
pub(crate) struct Body {
    payload: Payload,
    decoder: Option<Box<MultiGzDecoder<Vec<u8>>>>,
    waiting: Bytes,
    read_bytes: u64,
    given_bytes: u64,
    limits: Limits,
    ended: bool,
}

impl Body {
    /// The body of the request; refuses an encoding that is not read here.
    pub(crate) fn new(request: &HttpRequest, payload: Payload, limits: Limits) -> Result<Self, Problem> {
        let encoding = request.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
        let decoder = match encoding {
            None | Some("identity") => None,
            Some("gzip" | "x-gzip") => Some(Box::new(MultiGzDecoder::new(Vec::new()))),
            Some(other) => {
                let detail = format!("Content-Encoding {other} is not read here; send gzip or none");
                return Err(Problem::new(Kind::UnsupportedMedia, detail));
            }
        };
        Ok(Self { payload, decoder, waiting: Bytes::new(), read_bytes: 0, given_bytes: 0, limits, ended: false })
    }

    /// The next plain bytes, `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            if self.waiting.is_empty() {
                match self.payload.next().await {
                    Some(chunk) => self.waiting = chunk.map_err(|error| broken(&error))?,
                    None if self.ended => return Ok(None),
                    None => {
                        self.ended = true;
                        return self.finish();
                    }
                }
            }
            let step = self.waiting.split_to(self.waiting.len().min(STEP_BYTES));
            let plain = self.decode(&step)?;
            if !plain.is_empty() {
                return Ok(Some(plain));
            }
        }
    }

    fn decode(&mut self, step: &[u8]) -> Result<Vec<u8>, Problem> {
        self.read_bytes = self.read_bytes.saturating_add(step.len() as u64);
        let plain = match &mut self.decoder {
            None => step.to_vec(),
            Some(decoder) => {
                decoder.write_all(step).map_err(|error| broken(&error))?;
                std::mem::take(decoder.get_mut())
            }
        };
        self.count(plain)
    }

    fn finish(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(mut decoder) = self.decoder.take() else { return Ok(None) };
        decoder.try_finish().map_err(|error| broken(&error))?;
        let rest = std::mem::take(decoder.get_mut());
        Ok(Some(self.count(rest)?).filter(|rest| !rest.is_empty()))
    }

    fn count(&mut self, plain: Vec<u8>) -> Result<Vec<u8>, Problem> {
        self.given_bytes = self.given_bytes.saturating_add(plain.len() as u64);
        let (max, ratio) = (self.limits.capture_bytes_max, self.limits.decompression_ratio_max);
        if self.given_bytes > max {
            return Err(Problem::new(Kind::TooLarge, format!("the document is larger than {max} bytes")));
        }
        if self.given_bytes > FREE_BYTES && self.given_bytes > self.read_bytes.saturating_mul(ratio) {
            let detail = format!("the document is more than {ratio} times larger than its compressed form");
            return Err(Problem::new(Kind::TooLarge, detail));
        }
        Ok(plain)
    }
}

/// A whole body that is no JSON, of `limits.body_bytes_max` at most.
pub(crate) struct Whole(pub(crate) Bytes);

impl FromRequest for Whole {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let limits: &web::Data<Limits> = request.app_data().expect("the application registers it");
        let (max, bytes) = (limits.body_bytes_max, Bytes::from_request(request, stream));
        Box::pin(async move {
            bytes.await.map(Self).map_err(|error| match error.as_error::<PayloadError>() {
                Some(PayloadError::Overflow) => {
                    Problem::new(Kind::TooLarge, format!("the body is larger than {max} bytes"))
                }
                Some(_) | None => broken(&error),
            })
        })
    }
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Kind::BadRequest, format!("the body cannot be read: {error}"))
}
