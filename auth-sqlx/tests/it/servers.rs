//! Servers that fail, and ways to them that are not straight: each test starts one of its own.

mod broken;
mod idle;
mod lost_answer;
pub(crate) mod own;
mod pooler;
mod privileges;
mod read_only;
mod session_settings;
mod slow;
mod surroundings;
mod tls;
