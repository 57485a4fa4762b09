//! Reads of many keys: ranges, pages of them, and a key's history.

use std::collections::VecDeque;
use std::marker::PhantomData;

use fabric_sdk::fabric::protos::chaincode_message::Type;
use fabric_sdk::fabric::protos::{
    GetHistoryForKey, GetStateByRange, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryStateNext,
};
use fabric_sdk::fabric::queryresult::{KeyModification, Kv};
use prost::Message as _;

use super::context::decode;
use super::{Moment, ShimError, Stub, key};

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Its value before the transaction.
    pub value: Vec<u8>,
}

/// One change of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Fabric's name of the transaction.
    pub tx_id: String,
    /// The value it wrote; nothing if it removed the key.
    pub value: Option<Vec<u8>>,
    /// That transaction's time.
    pub timestamp: Option<Moment>,
}

/// A page of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// In the order of keys.
    pub pairs: Vec<Pair>,
    /// Where the next page begins; nothing after the last one.
    pub bookmark: Option<String>,
}

/// What a query gives, one after another, fetched from the peer as it is asked for. Ending early costs nothing: the peer
/// closes what is open when the transaction ends.
pub struct Range<'a, T> {
    stub: &'a Stub,
    id: String,
    more: bool,
    fetched: VecDeque<Vec<u8>>,
    kind: PhantomData<T>,
}

/// What a query can give.
trait Found: Sized {
    fn read(bytes: &[u8]) -> Result<Self, ShimError>;
}

impl Found for Pair {
    fn read(bytes: &[u8]) -> Result<Self, ShimError> {
        let found: Kv = decode("result of a range", bytes)?;
        Ok(Self { key: found.key, value: found.value })
    }
}

impl Found for Change {
    fn read(bytes: &[u8]) -> Result<Self, ShimError> {
        let found: KeyModification = decode("change of a key", bytes)?;
        let timestamp = found.timestamp.map(|time| Moment { seconds: time.seconds, nanoseconds: time.nanos });
        Ok(Self { tx_id: found.tx_id, value: (!found.is_delete).then_some(found.value), timestamp })
    }
}

#[allow(private_bounds, reason = "the two kinds of results are all there are")]
impl<T: Found> Range<'_, T> {
    /// The next one; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<T>, ShimError> {
        while self.fetched.is_empty() && self.more {
            let request = QueryStateNext { id: self.id.clone() };
            let answer = self.stub.call(Type::QueryStateNext, "continue a query", &request).await?;
            let answer: QueryResponse = decode("query's answer", &answer)?;
            self.more = answer.has_more;
            self.fetched = answer.results.into_iter().map(|result| result.result_bytes).collect();
        }
        self.fetched.pop_front().map(|bytes| T::read(&bytes)).transpose()
    }
}

impl Stub {
    /// Simple keys from `start` to before `end`; an empty bound is open. A key that comes into the range before the
    /// transaction is committed invalidates it.
    pub async fn range(&self, start: &str, end: &str) -> Result<Range<'_, Pair>, ShimError> {
        let (start, end) = key::simple_range(start, end)?;
        self.query_range(start, end).await
    }

    /// Composite keys of an object type that begin with these attributes.
    pub async fn range_composite(&self, object_type: &str, attributes: &[&str]) -> Result<Range<'_, Pair>, ShimError> {
        let (start, end) = key::composite_range(object_type, attributes)?;
        self.query_range(&start, &end).await
    }

    /// One page of a range. Only for transactions that write nothing: the peer does not protect pages against what comes
    /// in between, and refuses to write after one.
    pub async fn page(&self, start: &str, end: &str, size: u16, bookmark: &str) -> Result<Page, ShimError> {
        let (start, end) = key::simple_range(start, end)?;
        let asked = QueryMetadata { page_size: size.into(), bookmark: bookmark.to_owned() };
        let (mut range, metadata) = self.ask_range(start, end, asked.encode_to_vec()).await?;
        let metadata: QueryResponseMetadata = decode("page's metadata", &metadata)?;
        let mut pairs = Vec::new();
        while let Some(pair) = range.next().await? {
            pairs.push(pair);
        }
        Ok(Page { pairs, bookmark: Some(metadata.bookmark).filter(|bookmark| !bookmark.is_empty()) })
    }

    /// Every change of a key, newest first. The peer must keep a history database.
    pub async fn history(&self, key: &str) -> Result<Range<'_, Change>, ShimError> {
        key::check(key)?;
        let request = GetHistoryForKey { key: key.to_owned() };
        let answer = self.call(Type::GetHistoryForKey, "read a key's history", &request).await?;
        Ok(self.results(&answer)?.0)
    }

    async fn query_range(&self, start: &str, end: &str) -> Result<Range<'_, Pair>, ShimError> {
        Ok(self.ask_range(start, end, Vec::new()).await?.0)
    }

    async fn ask_range(
        &self,
        start: &str,
        end: &str,
        metadata: Vec<u8>,
    ) -> Result<(Range<'_, Pair>, Vec<u8>), ShimError> {
        let (start_key, end_key) = (start.to_owned(), end.to_owned());
        let request = GetStateByRange { start_key, end_key, collection: String::new(), metadata };
        let answer = self.call(Type::GetStateByRange, "read a range", &request).await?;
        self.results(&answer)
    }

    fn results<T>(&self, answer: &[u8]) -> Result<(Range<'_, T>, Vec<u8>), ShimError> {
        let answer: QueryResponse = decode("query's answer", answer)?;
        let fetched = answer.results.into_iter().map(|result| result.result_bytes).collect();
        let range = Range { stub: self, id: answer.id, more: answer.has_more, fetched, kind: PhantomData };
        Ok((range, answer.metadata))
    }
}
