//! What is actix-web's own: the set-up, the translation, and real sockets. The HTTP contract is the shared suite's.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these are tests, and so are the functions between them"
)]

mod app;
mod app_data;
mod arrival;

mod extractors;
mod layers;
mod paths;
mod sockets;
mod workers;
