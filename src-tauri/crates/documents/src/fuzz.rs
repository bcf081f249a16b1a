//! One entry point for each parser of untrusted bytes, for the corpus tests and fuzzers.

use boothkeeper_domain::{Asset, Zone};

use crate::read::table::Mapping;
use crate::read::{attachment, cells::CellTable, receipt};
use crate::{Error, Problem, verify};

/// The number of rows that a table has when it is read with its proposed mapping.
pub fn table(bytes: &[u8]) -> Result<usize, Error> {
    let table = CellTable::read(bytes)?;
    let (asset, zone) = (Asset::usd(), Zone::utc());
    let preview = table.preview(&Mapping::default(), &asset, &zone);
    if let Some(ask) = preview.asks.first() {
        return Err(Error::new(*ask));
    }
    let (rows, _) = table.rows(&preview.mapping, &asset, &zone)?;
    Ok(rows.len())
}

/// Reads the bytes as a receipt in an e-mail.
pub fn receipt(bytes: &[u8]) -> Result<(), Error> {
    receipt::of_mail(bytes).map(drop)
}

/// The name and bytes with which a file would be stored as an attachment.
pub fn attachment(name: &str, bytes: &[u8]) -> Result<(String, Vec<u8>), Error> {
    let taken = attachment::take(name, bytes.to_vec())?;
    let unlike = |c: char| c == '/' || c == '\\' || c.is_control();
    match taken.name.is_empty() || taken.name.contains(unlike) {
        true => Err(Error::new(Problem::Internal)),
        false => Ok((taken.name, taken.bytes)),
    }
}

/// True if the file (a packet) contains a proof that is correct by the keys in it.
pub fn packet(name: &str, bytes: &[u8]) -> Result<bool, Error> {
    let files = vec![(name.to_owned(), bytes.to_vec())];
    Ok(verify::verify(files, None)?.ok)
}
