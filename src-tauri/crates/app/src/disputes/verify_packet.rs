//! Verifies a received packet from its files and, if a cloud is named, with that cloud's keys.

use std::path::Path;

use boothkeeper_documents::Verdict;
use boothkeeper_documents::reader::Reader;
use boothkeeper_documents::verify::{Files, MOST_BYTES, MOST_FILES};
use boothkeeper_sync::Client;
use boothkeeper_sync::transport::Transport;
use boothkeeper_sync::wire::checkpoint::PublicKey;

use crate::files::{failed, read_file};
use crate::{AppError, Code};

/// Verifies a proof, an archive or e-mail that contains one, or a folder of these. With a cloud's address, only that
/// cloud's keys are trusted. Otherwise the keys in the packet are used, and the caller must compare their fingerprint.
pub async fn verify_packet(
    path: &Path,
    cloud: Option<&str>,
    reader: &Reader,
) -> Result<Verdict, AppError> {
    let files = gather(path)?;
    let trusted = match cloud {
        Some(cloud) => Some(keys_of(cloud).await?),
        None => None,
    };
    Ok(reader.packet(files, trusted)?)
}

async fn keys_of(cloud: &str) -> Result<Vec<PublicKey>, AppError> {
    let address = crate::session::address(cloud)?;
    let transport = Transport::http().map_err(|error| AppError::because(Code::Internal, error))?;
    Ok(Client::new(transport, &address, None).meta().await?.keys)
}

fn gather(path: &Path) -> Result<Files, AppError> {
    if !path.is_dir() {
        return Ok(vec![(name_of(path), read_file(path, MOST_BYTES)?)]);
    }
    let mut files = Vec::new();
    let mut left = MOST_BYTES;
    for file in std::fs::read_dir(path).map_err(failed)? {
        if files.len() >= MOST_FILES {
            return Err(AppError::new(Code::TooManyFiles));
        }
        let file = file.map_err(failed)?.path();
        let metadata = std::fs::symlink_metadata(&file);
        let bytes = match metadata.is_ok_and(|found| found.is_file() && found.len() > 0) {
            true => read_file(&file, left)?,
            // An empty file, a link or a folder is listed as unproven.
            false => vec![],
        };
        left = left.saturating_sub(bytes.len() as u64);
        files.push((name_of(&file), bytes));
    }
    Ok(files)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
