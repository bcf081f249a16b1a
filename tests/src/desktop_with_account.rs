//! The set-up that most tests of the window begin with: a desktop, a cloud and an account there.

use serde_json::Value;

use crate::cloud::{Account, Cloud};
use crate::desktop::Desktop;
use crate::window::Window;

impl Desktop {
    /// With a sandbox cloud whose clock stands at `clock`, and a new account there.
    pub async fn with_account(
        self,
        clock: &str,
        request: Value,
    ) -> anyhow::Result<(Self, Cloud, Account)> {
        let cloud = Cloud::start(&self.folder().join("cloud"), Some(clock))?;
        let account = cloud.account(request).await?;
        Ok((self, cloud, account))
    }

    /// The same as [`Desktop::with_account`], and the window signed in to the account and live.
    pub async fn with_window(
        self,
        clock: &str,
        request: Value,
    ) -> anyhow::Result<(Self, Cloud, Account, Window)> {
        let (desk, cloud, account) = self.with_account(clock, request).await?;
        let window = Window::open_live(&desk, &cloud, &account).await?;
        Ok((desk, cloud, account, window))
    }
}
