//! What every example is held to, as people run it: the built program, a real socket, the real curl.
//!
//! An example includes this file, and says which program it is and which README it has.

mod answer;
mod api;
mod canary;
mod database;
mod held;
mod journey;
mod metrics;
mod network;
mod processes;
mod server;
mod servers;
mod start_up;
mod stop;
