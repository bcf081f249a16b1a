//! Verifies the whole copy, and checks the installation (`doctor`).

use boothkeeper_domain::{Amount, Hash, Seq};
use boothkeeper_store::cache::Scrub;
use boothkeeper_store::outbox::Binding;
use serde::Serialize;

use super::Session;
use crate::{AppError, Code};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct VerifyView {
    /// True if the local copy matches the cloud's signature and no divergence from the cloud is recorded.
    pub ok: bool,
    /// True if the cloud was found to contradict the local copy, which it had signed.
    pub diverged: bool,
    pub seq: Seq,
    /// The hash chain's value after the entry `seq`.
    pub hash: Hash,
    /// Number of entries in the local copy.
    pub entries: u64,
    pub balance: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub first_bad_seq: Option<Seq>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoctorCheck {
    Ok,
    Problem(Code),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doctor {
    pub version: &'static str,
    pub data: String,
    pub zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
    pub files: DoctorCheck,
    pub keychain: DoctorCheck,
    pub signed_in: DoctorCheck,
    pub copy: DoctorCheck,
    pub cloud_reachable: DoctorCheck,
}

impl Session<'_> {
    /// Recomputes hash chain, account state and stored columns from all entries of the local copy, and compares them
    /// with what is stored. Does not call the cloud.
    pub fn verify(&self) -> Result<VerifyView, AppError> {
        let binding = self.app.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        let scrub = self
            .app
            .local_copy
            .read(|cache| cache.scrub(&binding.account, &binding.keys))?;
        view(scrub, &binding)
    }

    /// Verifies the local copy and repairs damage, from the entries' bytes on this laptop or from the cloud.
    pub async fn verify_and_repair(&self) -> Result<VerifyView, AppError> {
        let client = self.client().ok().map(|(client, _)| client);
        let scrub = super::daily_verification::prove(client.as_ref(), &self.app.local_copy).await?;
        self.app.status.send_modify(|status| status.revision += 1);
        let binding = self.app.binding()?.ok_or(AppError::new(Code::SignedOut))?;
        view(scrub?, &binding)
    }

    /// Fails if the data folder cannot be written to, or with `OpenToOthers` if other users can read it. The app
    /// creates private files, but older or manually created ones may not be.
    fn require_private_files(&self) -> Result<(), AppError> {
        if let Some(code) = self.app.read_only_reason() {
            return Err(AppError::new(code));
        }
        match boothkeeper_store::private::is_open_to_others(self.app.data()) {
            true => Err(AppError::new(Code::OpenToOthers)),
            false => Ok(()),
        }
    }

    /// Checks the data folder, the keychain, the access key, the local copy and the connection.
    pub async fn doctor(&self) -> Result<Doctor, AppError> {
        let binding = self.app.binding()?;
        let refused = |error: &AppError| error.code == Code::SignedOut;
        let outcome = |result: Result<(), AppError>| match result {
            Ok(()) => DoctorCheck::Ok,
            Err(error) => DoctorCheck::Problem(error.code),
        };
        let keychain = self.app.secrets.probe().map_err(AppError::from);
        let reachable = match self.client() {
            Ok((client, _)) => client.meta().await.map(|_| ()).map_err(AppError::from),
            Err(error) => Err(error),
        };
        // A stored key that the cloud refuses does not count as signed in.
        let signed_in = match &reachable {
            Err(error) if refused(error) => Err(error.again()),
            _ => self.client().map(|_| ()),
        };
        Ok(Doctor {
            version: env!("CARGO_PKG_VERSION"),
            data: self.app.data().display().to_string(),
            zone: self.app.local_copy.zone().name().to_owned(),
            cloud: binding.map(|binding| binding.cloud),
            files: outcome(self.require_private_files()),
            keychain: outcome(keychain),
            signed_in: outcome(signed_in),
            copy: outcome(self.verify().and_then(|view| match view {
                VerifyView { ok: true, .. } => Ok(()),
                VerifyView { diverged: true, .. } => Err(AppError::new(Code::Diverged)),
                _ => Err(AppError::new(Code::Damaged)),
            })),
            cloud_reachable: outcome(reachable),
        })
    }
}

fn view(scrub: Option<Scrub>, binding: &Binding) -> Result<VerifyView, AppError> {
    let scrub = scrub.ok_or(AppError::new(Code::NotSynced))?;
    let diverged = binding.diverged.is_some() && !binding.is_damaged();
    Ok(VerifyView {
        ok: scrub.first_bad.is_none() && !diverged,
        diverged,
        seq: scrub.seq,
        hash: scrub.chain,
        entries: scrub.entries,
        balance: scrub.balance,
        first_bad_seq: scrub.first_bad,
    })
}
