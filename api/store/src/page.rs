//! Pages of a list: a limit and a token that says where the next page begins.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;

use crate::StoreError;
use crate::limits::PAGE_ROWS_MAX;

/// Which page is asked for.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Rows wanted; held between 1 and [`PAGE_ROWS_MAX`], 30 where none is given.
    pub limit: Option<u32>,
    /// Token of the page before, for every page but the first.
    pub token: Option<String>,
}

/// Rows and the token of the next page.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last page.
    pub next: Option<String>,
}

impl PageRequest {
    /// Rows that the page will hold at most.
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(30).clamp(1, PAGE_ROWS_MAX)
    }

    /// One more row than the page holds, to know whether another page follows.
    pub(crate) fn limit_and_one(&self) -> u64 {
        u64::from(self.limit()) + 1
    }

    /// The position in the token, as the list wrote it.
    pub(crate) fn after<T: serde::de::DeserializeOwned>(&self) -> Result<Option<T>, StoreError> {
        let Some(token) = &self.token else { return Ok(None) };
        let bytes = hex::decode(token).map_err(|_| StoreError::PageToken)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|_| StoreError::PageToken)
    }
}

impl<T> Page<T> {
    /// From one row more than the limit, so that it is known whether another page follows.
    pub(crate) fn cut<P: Serialize>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let last = if more { items.last() } else { None };
        let next = last.map(|row| {
            hex::encode(serde_json::to_vec(&position(row)).expect("a position is a tuple of numbers and strings"))
        });
        Self { items, next }
    }

    /// The same page with each row parsed.
    pub(crate) fn try_map<U, E>(self, parse: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page { items: self.items.into_iter().map(parse).collect::<Result<_, E>>()?, next: self.next })
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

/// A page of rows, the latest first, and of one time by their names downwards.
pub(crate) async fn latest_first<E: EntityTrait>(
    on: &DatabaseConnection,
    find: Select<E>,
    [time, name]: [E::Column; 2],
    page: &PageRequest,
    position: impl Fn(&E::Model) -> (i64, String),
) -> Result<Page<E::Model>, StoreError> {
    let find = match page.after::<(i64, String)>()? {
        Some((last_time, last_name)) => {
            let same = Condition::all().add(time.eq(last_time)).add(name.lt(last_name));
            find.filter(Condition::any().add(time.lt(last_time)).add(same))
        }
        None => find,
    };
    let rows = find.order_by_desc(time).order_by_desc(name).limit(page.limit_and_one()).all(on).await?;
    Ok(Page::cut(rows, page.limit(), position))
}
