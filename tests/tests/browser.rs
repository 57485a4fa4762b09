//! The pages, from the outside: people at a real browser do their whole job.

mod browser {
    mod cases;
    mod counter;
    mod ground;
    mod issuer;
    mod live;
    mod offline;
    mod patient;
    mod session;
    mod shipping;
    mod shipping_goods;
    mod stock;
}
