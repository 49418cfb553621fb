//! The application's part of an account: three tables beside the user, filled in the same transaction.

mod tables;

use auth_core::error::FieldErrors;
use serde::{Deserialize, Serialize};

pub(crate) use tables::{Backgrounds, Tables};

/// The most entries of a list, and the most characters of an entry.
const MAX_ENTRIES: usize = 50;
const MAX_CHARS: usize = 64;

/// What people tell of their experience, software and hardware. All of it may be left out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Background {
    #[serde(default)]
    experience_level: Option<ExperienceLevel>,
    #[serde(default)]
    programming_languages: Vec<String>,
    #[serde(default)]
    frameworks: Vec<String>,
    #[serde(default)]
    available_hardware: Vec<String>,
    #[serde(default)]
    robotics_hardware: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum ExperienceLevel {
    Beginner,
    Intermediate,
    Advanced,
}

impl ExperienceLevel {
    /// What the database holds.
    fn as_str(self) -> &'static str {
        match self {
            Self::Beginner => "Beginner",
            Self::Intermediate => "Intermediate",
            Self::Advanced => "Advanced",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [Self::Beginner, Self::Intermediate, Self::Advanced].into_iter().find(|level| level.as_str() == text)
    }
}

impl Background {
    /// Checks what the types cannot.
    fn check(&self) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        let lists = [
            ("programming_languages", &self.programming_languages),
            ("frameworks", &self.frameworks),
            ("available_hardware", &self.available_hardware),
            ("robotics_hardware", &self.robotics_hardware),
        ];
        for (name, list) in lists {
            if list.len() > MAX_ENTRIES {
                errors.push(name, "too_many", "A list has at most 50 entries.");
            }
            if list.iter().any(|entry| !is_entry(entry)) {
                errors.push(name, "invalid", "An entry has 1 to 64 characters and no control characters.");
            }
        }
        errors.or_ok(())
    }
}

fn is_entry(text: &str) -> bool {
    (1..=MAX_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
