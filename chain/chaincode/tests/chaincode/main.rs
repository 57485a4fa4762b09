//! The shim against a peer in this process over a real connection, the host against the embedded ledger, and both
//! against a real network if there is one.

mod gateway;
mod network;
mod parity;
mod peer;
mod shim;
mod tls;
