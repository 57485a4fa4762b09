//! Webhooks: who subscribed is told what became of cases, signed as the Standard Webhooks specification says
//! (<https://github.com/standard-webhooks/standard-webhooks>, 1.0): `webhook-id`, `webhook-timestamp` and `webhook-signature`.
//!
//! A message names a case and what happened to it, and nothing of what it is about: that is for who may ask.

mod deliver;
mod notify;
mod sign;
mod target;

pub(crate) use deliver::deliver;
pub(crate) use notify::{notify, told};
pub(crate) use sign::written;
pub(crate) use target::Target;
