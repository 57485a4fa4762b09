//! The contract as Hyperledger Fabric chaincode, served as a service.
//!
//! [`shim`] speaks Fabric's protocol and knows nothing of the contract; [`host`] runs the contract behind it, with the
//! same judgement of certificates, signatures and clocks as the embedded ledger; [`serve`] makes a program of a
//! chaincode. The client's side of what they say to
//! each other is `veridose_ledger::wire`.
//!
//! All of it is behind the feature `fabric`: its dependencies need protoc to be built.
#![cfg(feature = "fabric")]

pub mod host;
pub mod serve;
pub mod shim;
