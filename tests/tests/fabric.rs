//! The same program on a real Hyperledger Fabric network, which `tests/run fabric` provides the parts of.

mod fabric {
    mod faults;
    mod flow;
    mod load;
    mod members;
    mod migration;
    mod nodes;
    mod refusals;
    mod stale;
}
