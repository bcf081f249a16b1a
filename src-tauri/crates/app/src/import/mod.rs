//! Imports an operator's own history from tables and receipts, as a separate account in a separate folder, marked as
//! imported. It never mixes with a copy that a cloud has signed.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use boothkeeper_domain::imported::{ImportRow, Owner, Receipt, Report, journal};
use boothkeeper_domain::{AccountId, Amount, Asset, Catalog, Programme, Timestamp, user_input};
use boothkeeper_sync::imported;
use serde::{Deserialize, Serialize};

pub use boothkeeper_documents::read::amounts::Decimals;
use boothkeeper_documents::read::attachment::sniffed;
use boothkeeper_documents::read::cells;
pub use boothkeeper_documents::read::dates::DateOrder;
pub use boothkeeper_documents::read::table::{Mapping, TablePreview};
pub use boothkeeper_documents::read::titles::Field;

use crate::files::{failed, read_file, whole_file};
use crate::{App, AppError, Code, Options};

/// Most bytes of a table: about half a million rows. A longer history must be imported year by year.
const MOST_TABLE: u64 = 64 * 1024 * 1024;

/// Folder of the imported account, inside the data folder.
pub fn imported_folder(data: &Path) -> PathBuf {
    data.join("imported")
}

/// True if this data folder has an imported account.
pub(crate) fn has_imported(data: &Path) -> bool {
    imported_folder(data).join(IMPORT_FILE).is_file()
}

/// Opens the imported account. Fails with `NotSynced` if there is none.
pub fn open(options: &Options) -> Result<App, AppError> {
    let folder = imported_folder(&options.data);
    if !has_imported(&options.data) {
        return Err(AppError::new(Code::NotSynced));
    }
    App::open(Options {
        data: folder,
        ..options.clone()
    })
}

/// The account that an imported history belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ImportOwner {
    pub email: String,
    pub programme: Programme,
}

/// Result of an import.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Imported {
    #[serde(flatten)]
    pub report: Report,
    pub account: AccountId,
    pub balance: Amount,
    pub asset: Asset,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub to: Option<Timestamp>,
    /// Number of earlier imported entries that were replaced.
    pub replaced: u32,
    /// Number of unedited dispute drafts that were deleted together with the replaced entries.
    pub drafts_gone: u32,
}

/// Everything imported so far, stored so that receipts can be added later.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct StoredImport {
    rows: Vec<ImportRow>,
    receipts: Vec<Receipt>,
}

/// File with the imported rows and receipts.
const IMPORT_FILE: &str = "brought.json";
/// File with the mappings (which column means what) of the tables imported earlier.
const MAPPINGS: &str = "mappings.json";

/// Shows how the first table among the files would be read. Fails with `NotAHistory` if there is none.
pub fn preview(
    options: &Options,
    files: &[PathBuf],
    programme: Programme,
    mapping: Option<&Mapping>,
) -> Result<TablePreview, AppError> {
    let folder = imported_folder(&options.data);
    for file in files {
        let bytes = read_file(file, MOST_TABLE)?;
        if sniffed(&bytes).is_none() {
            let read = cells::CellTable::read(&bytes)?;
            let known = remembered(&folder, &read.fingerprint());
            let mapping = mapping.cloned().or(known).unwrap_or_default();
            let asset = catalog(programme)?.asset;
            return Ok(read.preview(&mapping, &asset, &options.zone));
        }
    }
    Err(AppError::new(Code::NotAHistory))
}

/// Imports tables and receipts. With a table, they replace everything imported before; receipts alone are added to it.
/// Fails with `DraftsWaiting` while there are edited drafts about the imported history.
pub fn import(
    options: &Options,
    files: &[PathBuf],
    whose: &ImportOwner,
    mapping: Option<&Mapping>,
) -> Result<(App, Imported), AppError> {
    let folder = imported_folder(&options.data);
    let catalog = catalog(whose.programme)?;
    let mut brought = StoredImport::default();
    let (mut tables, mut twice) = (0, 0);
    for file in files {
        let bytes = read_file(file, MOST_TABLE)?;
        match sniffed(&bytes) {
            Some(file_type) => {
                let receipt = options.reader.receipt(file_type, bytes)?;
                brought.receipts.push(receipt);
            }
            None => {
                tables += 1;
                let read = cells::CellTable::read(&bytes)?;
                let fingerprint = read.fingerprint();
                let known = remembered(&folder, &fingerprint);
                let mapping = mapping.cloned().or(known).unwrap_or_default();
                let (rows, mapping) = read.rows(&mapping, &catalog.asset, &options.zone)?;
                twice += add_once(&mut brought.rows, rows)?;
                remember(&folder, fingerprint, mapping)?;
            }
        }
    }
    if tables == 0 {
        let mut before = stored_import(&folder)?;
        before.receipts.extend(brought.receipts);
        brought = before;
    }
    brought.receipts.sort_by_key(|receipt| receipt.at);
    let mut payments = BTreeSet::new();
    let first = |receipt: &Receipt| payments.insert(receipt.payment.clone());
    brought.receipts.retain(first);
    if brought.rows.is_empty() && brought.receipts.is_empty() {
        return Err(AppError::new(Code::NotAHistory));
    }
    let owner = owner(whose)?;
    let made = journal(&owner, &brought.rows, &brought.receipts, &catalog);
    let (entries, mut report) =
        made.map_err(|refusal| AppError::because(Code::OutOfRange, refusal))?;
    report.twice = twice;
    let app = App::open(Options {
        data: folder.clone(),
        ..options.clone()
    })?;
    if app.local_copy.outbox().unsent()? > 0 {
        // The operator has edited a draft about the earlier import, which would be lost.
        return Err(AppError::new(Code::DraftsWaiting));
    }
    let before = app.binding()?;
    let before = app
        .head(before.as_ref())?
        .map_or(0, |head| head.account.seq.0);
    let drafts = app.local_copy.outbox().drafts()?.len();
    imported::replace(&app.local_copy, &owner.account, &entries)?;
    keep(&folder, IMPORT_FILE, &brought)?;
    let balance = app.balance().view()?;
    let imported = Imported {
        account: owner.account,
        balance: balance.balance.unwrap_or(Amount::ZERO),
        asset: catalog.asset,
        from: entries.first().map(|entry| entry.at),
        to: entries.last().map(|entry| entry.at),
        replaced: u32::try_from(before).unwrap_or(u32::MAX),
        drafts_gone: u32::try_from(drafts).unwrap_or(u32::MAX),
        report,
    };
    Ok((app, imported))
}

fn catalog(programme: Programme) -> Result<Catalog, AppError> {
    Catalog::shipped(programme).map_err(|error| AppError::because(Code::Internal, error))
}

/// The account id is derived from the e-mail address, so the same address always gives the same account. Fails with
/// `EmailMissing` if it is not an address.
fn owner(whose: &ImportOwner) -> Result<Owner, AppError> {
    let email = user_input::code(&whose.email).to_lowercase();
    let address = email.split_once('@');
    if !address.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        || email.contains(char::is_whitespace)
    {
        return Err(AppError::new(Code::EmailMissing));
    }
    let hash = boothkeeper_sync::wire::sha256(email.as_bytes()).to_string();
    let account = AccountId::new(format!("imported_{}", &hash[..12]));
    Ok(Owner {
        account: account.map_err(|error| AppError::because(Code::Internal, error))?,
        email,
        programme: whose.programme,
    })
}

/// Adds `more` to `rows`. Tables may overlap: a row that equals a row of another table in every field is the same row
/// and not added again. Returns the number of such rows.
fn add_once(rows: &mut Vec<ImportRow>, more: Vec<ImportRow>) -> Result<u32, AppError> {
    let key = |row: &ImportRow| {
        let key = serde_json::to_string(row);
        key.map_err(|error| AppError::because(Code::Internal, error))
    };
    let mut known: HashMap<String, usize> = HashMap::new();
    for row in rows.iter() {
        *known.entry(key(row)?).or_default() += 1;
    }
    let mut twice = 0;
    for row in more {
        match known.get_mut(&key(&row)?) {
            Some(left) if *left > 0 => (*left, twice) = (*left - 1, twice + 1),
            _ => rows.push(row),
        }
    }
    Ok(twice)
}

/// The rows and receipts imported before; empty if there are none. Fails with `Damaged` if the file cannot be parsed.
fn stored_import(folder: &Path) -> Result<StoredImport, AppError> {
    match std::fs::read(folder.join(IMPORT_FILE)) {
        Ok(text) => {
            serde_json::from_slice(&text).map_err(|error| AppError::because(Code::Damaged, error))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(StoredImport::default()),
        Err(error) => Err(failed(error)),
    }
}

fn keep(folder: &Path, name: &str, document: &impl Serialize) -> Result<(), AppError> {
    boothkeeper_store::private::folder(folder).map_err(failed)?;
    whole_file(&folder.join(name), |file| {
        serde_json::to_writer(file, document)
            .map_err(|error| AppError::because(Code::FileSystem, error))
    })
}

type Mappings = std::collections::BTreeMap<String, Mapping>;

fn mappings(folder: &Path) -> Mappings {
    let text = std::fs::read(folder.join(MAPPINGS)).ok();
    text.and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

/// The mapping with which a table with these titles was read before.
fn remembered(folder: &Path, fingerprint: &str) -> Option<Mapping> {
    mappings(folder).remove(fingerprint)
}

fn remember(folder: &Path, fingerprint: String, mapping: Mapping) -> Result<(), AppError> {
    let mut all = mappings(folder);
    if all.get(&fingerprint) == Some(&mapping) {
        return Ok(());
    }
    all.insert(fingerprint, mapping);
    keep(folder, MAPPINGS, &all)
}
