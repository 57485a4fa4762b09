//! The clock of a node. Only here is the machine's time read.

use time::OffsetDateTime;
use veridose_contract::Timestamp;

/// The machine's time, shifted by a fixed amount: none in production, an amount of years to replay a day of the past.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    shift_ms: i64,
}

impl Clock {
    /// A clock that runs `shift_ms` milliseconds ahead of the machine's (behind, if negative).
    pub const fn shifted(shift_ms: i64) -> Self {
        Self { shift_ms }
    }

    /// Now, on the ledger's scale.
    #[expect(clippy::disallowed_methods, reason = "this is the edge at which time comes in")]
    pub fn now(self) -> Timestamp {
        let nanos = OffsetDateTime::now_utc().unix_timestamp_nanos();
        let millis = i64::try_from(nanos / 1_000_000).expect("the year is below 292 million");
        Timestamp(millis.saturating_add(self.shift_ms))
    }

    /// Now, as a date and time.
    pub fn date_time(self) -> OffsetDateTime {
        date_time(self.now())
    }
}

/// A moment of the ledger as a date and time; the calendar's end for one beyond it.
pub fn date_time(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000)
        .unwrap_or(time::macros::datetime!(9999-12-31 23:59:59 UTC))
}
