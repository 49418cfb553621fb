//! Servers that fail, and ways to them that are not straight: each test starts one of its own.

mod broken;
mod own;
mod pooler;
mod proxy;
mod tls;
