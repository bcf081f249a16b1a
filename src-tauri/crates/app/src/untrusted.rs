//! What reads bytes that nobody vouches for, as one door each: for corpora and fuzzers.

use boothkeeper_domain::Asset;
use boothkeeper_store::Zone;

use crate::disputes::intake;
use crate::import::{Mapping, cells::Table, receipts};
use crate::{AppError, Code};

/// A table as an operator brings it: how many rows it has, read as it proposes itself.
pub fn table(bytes: &[u8]) -> Result<usize, AppError> {
    let table = Table::read(bytes)?;
    let (asset, zone) = (Asset::usd(), Zone::utc());
    let preview = table.preview(&Mapping::default(), &asset, &zone);
    if let Some(ask) = preview.asks.first() {
        return Err(AppError::new(*ask));
    }
    let (rows, _) = table.rows(&preview.mapping, &asset, &zone)?;
    Ok(rows.len())
}

/// A receipt as mail.
pub fn receipt(bytes: &[u8]) -> Result<(), AppError> {
    receipts::of_mail(bytes).map(drop)
}

/// An attachment under a name that nobody vouches for either; what is kept of it, at last.
pub fn attachment(name: &str, bytes: &[u8]) -> Result<(String, Vec<u8>), AppError> {
    let taken = intake::take(name, bytes.to_vec())?;
    let unlike = |c: char| c == '/' || c == '\\' || c.is_control();
    match taken.name.is_empty() || taken.name.contains(unlike) {
        true => Err(AppError::new(Code::Internal)),
        false => Ok((taken.name, taken.bytes)),
    }
}

/// A packet: whether it proves itself.
pub fn packet(name: &str, bytes: &[u8]) -> Result<bool, AppError> {
    Ok(crate::packet::verify_bytes(name, bytes.to_vec())?.ok)
}
