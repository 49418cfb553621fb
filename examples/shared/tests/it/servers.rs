//! Databases as the world has them: each test starts servers of its own.

mod failover;
