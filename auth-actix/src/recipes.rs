//! A page for each task that an application and its framework share: whole, tested, and ready to be copied.

#[doc = include_str!("../docs/cors.md")]
pub mod cors {}

#[doc = include_str!("../docs/rate_limit.md")]
pub mod rate_limit {}

#[doc = include_str!("../docs/sse.md")]
pub mod sse {}

#[doc = include_str!("../docs/websocket.md")]
pub mod websocket {}
