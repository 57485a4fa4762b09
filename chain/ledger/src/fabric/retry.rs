//! How long a failed attempt is tried again.

use std::time::{Duration, Instant};

use crate::error::ChannelError;
use crate::pki::random;

/// Attempts that may fail because others changed the same records.
const CONFLICTS_MAX: u32 = 12;
/// How long a channel that cannot be reached is tried.
const UNAVAILABLE_MAX: Duration = Duration::from_secs(20);
/// How long it is tried to get enough endorsements: a peer that starts again is back within that.
const NOT_ENDORSED_MAX: Duration = Duration::from_secs(8);
/// The first pause; each is twice the one before, up to the longest.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Counts attempts.
pub(crate) struct Retries {
    begun: Instant,
    attempts: u32,
    conflicts: u32,
}

impl Retries {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), attempts: 0, conflicts: 0 }
    }

    /// Waits before the next attempt; `false` if there shall be none.
    pub(crate) async fn wait(&mut self, failure: &ChannelError) -> bool {
        if !self.may_try(failure) {
            return false;
        }
        let pause = PAUSE.saturating_mul(1 << self.attempts.min(6)).min(PAUSE_MAX);
        self.attempts += 1;
        // A part of the pause is drawn, so that those who were in each other's way do not meet again.
        let part = random::<1>().map_or(128, |[part]| part);
        tokio::time::sleep(pause.mul_f32(0.5 + f32::from(part) / 510.0)).await;
        true
    }

    fn may_try(&mut self, failure: &ChannelError) -> bool {
        match failure {
            ChannelError::Conflict { .. } => {
                self.conflicts += 1;
                self.conflicts < CONFLICTS_MAX
            }
            ChannelError::Unavailable(_) => self.begun.elapsed() < UNAVAILABLE_MAX,
            ChannelError::NotEndorsed(_) => self.begun.elapsed() < NOT_ENDORSED_MAX,
            ChannelError::Refused(_) | ChannelError::Unknown(_) => false,
        }
    }

    /// The failure as it is told in the end.
    pub(crate) fn told(&self, failure: ChannelError) -> ChannelError {
        match failure {
            ChannelError::Conflict { .. } => ChannelError::Conflict { attempts: self.conflicts },
            ChannelError::Unavailable(_)
            | ChannelError::NotEndorsed(_)
            | ChannelError::Refused(_)
            | ChannelError::Unknown(_) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_bound() {
        let mut retries = Retries::new();
        for _ in 1..CONFLICTS_MAX {
            assert!(retries.may_try(&ChannelError::Conflict { attempts: 1 }));
        }
        assert!(!retries.may_try(&ChannelError::Conflict { attempts: 1 }));
        let told = retries.told(ChannelError::Conflict { attempts: 1 });
        assert_eq!(told, ChannelError::Conflict { attempts: CONFLICTS_MAX });
        assert!(!retries.may_try(&ChannelError::Unknown(String::new())));
        assert!(!retries.may_try(&ChannelError::Refused(String::new())));
        assert!(retries.may_try(&ChannelError::Unavailable(String::new())), "it has just begun");
    }
}
