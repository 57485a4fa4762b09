//! The pages, from the outside: people at a real browser do their whole job.

mod browser {
    mod cases;
    mod counter;
    mod ground;
    mod issuer;
    mod ledger;
    mod live;
    mod models;
    mod offline;
    mod operator;
    mod patient;
    mod session;
    mod shipping;
    mod shipping_goods;
    mod stock;
}
