//! The flows, from sign-up to sign-out, on `MemoryStore` and a clock that moves when it is told to.
#![cfg(test)]

mod admin;
mod audit;
mod authenticate;
mod config;
mod fault_sweep;
mod fixture;
mod keys;
mod log;
mod password_upgrade;
mod prune;
mod realms;
mod recall;
mod recheck;
mod refresh;
mod refresh_clients;
mod refresh_faults;
mod refresh_lifetime;
mod refresh_races;
mod secrets;
mod session_cache;
mod session_limits;
mod sessions;
mod settings_sweep;
mod sign_in;
mod sign_out;
mod sign_up;
mod telemetry;
