//! Work on several cores whose results come back in order.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::LedgerError;

/// Does the work on each item, on as many threads as there are cores; the results stand in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let lane = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { return done };
            done.push((place, work(item)));
        }
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let lanes: Vec<_> = (1..threads).map(|_| scope.spawn(lane)).collect();
        let mut done = lane();
        for other in lanes {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Applies what `read` gives, piece by piece in order, each while the next is being read; ends when nothing is left.
pub(crate) fn read_ahead<W: Send>(
    mut read: impl FnMut() -> Result<Option<W>, LedgerError> + Send,
    mut apply: impl FnMut(W) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let mut ahead = read()?;
    while let Some(piece) = ahead {
        let (applied, next) = thread::scope(|scope| {
            let reading = scope.spawn(&mut read);
            let applied = apply(piece);
            (applied, reading.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        applied?;
        ahead = next?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1_000).collect();
        assert_eq!(map(&items, |item| item * 3), items.iter().map(|item| item * 3).collect::<Vec<_>>());
        assert!(map(&[], |item: &u64| *item).is_empty());
    }

    #[test]
    fn what_is_read_ahead_is_applied_in_order_up_to_the_first_error() {
        let mut numbers = 0..10;
        let mut applied = Vec::new();
        let apply = |number| {
            if number == 7 {
                return Err(LedgerError::NotFound("7".to_owned()));
            }
            applied.push(number);
            Ok(())
        };
        let ended = read_ahead(|| Ok(numbers.next()), apply);
        assert!(matches!(ended, Err(LedgerError::NotFound(_))));
        assert_eq!(applied, (0..7).collect::<Vec<_>>());
    }
}
