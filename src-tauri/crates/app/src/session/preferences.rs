//! The operator's preferences for the app on this laptop.

use boothkeeper_domain::reminders::QuietHours;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::{AppError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(default)]
pub struct Preferences {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub quiet: Option<QuietHours>,
    /// True if closing the window keeps the app running in the tray, so that it can still remind. Has no effect without
    /// a tray.
    pub stay: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            quiet: None,
            stay: true,
        }
    }
}

/// Minutes in a day. Quiet hours are given as minutes after midnight, below this number.
const MINUTES: u16 = 24 * 60;

impl Session<'_> {
    /// The stored preferences; the defaults if there are none.
    pub fn preferences(&self) -> Result<Preferences, AppError> {
        let document = self.app.local_copy.outbox().preferences()?;
        // A document that does not parse was written by a later version; use the defaults.
        Ok(document
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    /// Stores the preferences. Fails with `OutOfRange` if the quiet hours are not times of day.
    pub fn prefer(&self, preferences: &Preferences) -> Result<(), AppError> {
        let quiet = preferences.quiet;
        if quiet.is_some_and(|quiet| quiet.from >= MINUTES || quiet.to >= MINUTES) {
            return Err(AppError::new(Code::OutOfRange));
        }
        let document = serde_json::to_string(preferences);
        let document = document.map_err(|error| AppError::because(Code::Internal, error))?;
        self.app.local_copy.outbox().set_preferences(&document)?;
        self.app.status.send_modify(|status| status.revision += 1);
        Ok(())
    }
}
