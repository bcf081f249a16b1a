//! Importing a history from files.

use std::path::PathBuf;
use std::process::ExitCode;

use boothkeeper_app::domain::Programme;
use boothkeeper_app::import::{
    DateOrder, Decimals, Field, ImportOwner, Imported, Mapping, TablePreview, import, preview,
};
use boothkeeper_app::{App, AppError, Code, Options};
use boothkeeper_messages::cli::{self, CLI_CAUSE, CLI_IMPORT_DATES, CLI_IMPORT_DECIMALS};
use boothkeeper_messages::journal::JOURNAL_KIND;
use boothkeeper_messages::{code, documents, import as messages, money};
use clap::{Args, ValueEnum};

use crate::folder::Folder;
use crate::output::Output;

/// Read a usage history (CSV, or our own JSON) and receipts (.eml, PDF) into an account of their own. A table
/// replaces what was imported before; receipts alone are added.
#[derive(Debug, Args)]
pub struct Import {
    /// Tables and receipts, in any order.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only show how it would be read.
    #[arg(long)]
    preview: bool,
    /// Your account's address at the vendor.
    #[arg(long)]
    email: Option<String>,
    /// Count whole credits instead of dollars.
    #[arg(long)]
    studio: bool,
    /// Which column is which: date=Datum; may be repeated, and is remembered.
    #[arg(long = "map", value_name = "FIELD=TITLE")]
    map: Vec<String>,
    /// The order of day, month and year.
    #[arg(long)]
    dates: Option<Dates>,
    /// What stands before the cents.
    #[arg(long)]
    decimal: Option<DecimalMark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dates {
    Dmy,
    Mdy,
    Ymd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DecimalMark {
    Point,
    Comma,
}

impl Import {
    pub fn run(self, folder: &Folder, output: &Output) -> Result<ExitCode, AppError> {
        let options = folder.cloud_options()?;
        let mapping = self.mapping(output)?;
        let programme = match self.studio {
            true => Programme::Studio,
            false => Programme::Booth,
        };
        if self.preview {
            let view = preview(&options, &self.files, programme, mapping.as_ref())?;
            match output.json() {
                true => output.print_document(&view),
                false => print_preview(&view, output),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let email = self.email.or_else(|| known_email(&options));
        let whose = ImportOwner {
            email: email.unwrap_or_default(),
            programme,
        };
        let (_, imported) = import(&options, &self.files, &whose, mapping.as_ref())?;
        match output.json() {
            true => output.print_document(&imported),
            false => print_imported(&imported, output),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// How the table is to be read; `None` if no option says so: then the mapping of an earlier import is used.
    fn mapping(&self, output: &Output) -> Result<Option<Mapping>, AppError> {
        let mut mapping = Mapping {
            dates: self.dates.map(|dates| match dates {
                Dates::Dmy => DateOrder::Dmy,
                Dates::Mdy => DateOrder::Mdy,
                Dates::Ymd => DateOrder::Ymd,
            }),
            decimals: self.decimal.map(|mark| match mark {
                DecimalMark::Point => Decimals::Point,
                DecimalMark::Comma => Decimals::Comma,
            }),
            ..Mapping::default()
        };
        for pair in &self.map {
            let field = pair.split_once('=');
            let field = field.and_then(|(name, title)| Some((Field::named(name)?, title)));
            let (field, title) = field.ok_or_else(|| unknown_field(output))?;
            mapping.columns.insert(field, title.to_owned());
        }
        Ok(Some(mapping).filter(|mapping| *mapping != Mapping::default()))
    }
}

fn unknown_field(output: &Output) -> AppError {
    let fields = Field::ALL
        .map(|field| code(&field).replace('_', " "))
        .join(", ");
    let cause = output.text(&CLI_CAUSE, "map");
    AppError::because(Code::UnknownName, format!("{cause}: {fields}"))
}

/// The e-mail address of the account whose local copy is in this folder; `None` without a copy.
fn known_email(options: &Options) -> Option<String> {
    let app = App::open(options.clone()).ok()?;
    app.overview().view().ok()?.plan.map(|plan| plan.email)
}

fn print_preview(view: &TablePreview, output: &Output) {
    let rows = u64::from(view.rows);
    output.print_line(&cli::import_columns(rows, &view.titles.join(" | ")));
    for (field, title) in &view.mapping.columns {
        let field = code(field).replace('_', " ");
        output.print_line(&format!("  {field:<12} <- {title}"));
    }
    let unused = |title: &&String| !view.mapping.columns.values().any(|used| used == *title);
    let unused: Vec<_> = view.titles.iter().filter(unused).cloned().collect();
    if !unused.is_empty() {
        output.print_line(&format!("  {}", cli::import_unused(&unused.join(" | "))));
    }
    if let Some(dates) = &view.mapping.dates {
        output.print_line(&format!("  {}", CLI_IMPORT_DATES.name(&code(dates))));
    }
    if let Some(mark) = &view.mapping.decimals {
        output.print_line(&format!("  {}", CLI_IMPORT_DECIMALS.name(&code(mark))));
    }
    for sample in &view.samples {
        output.print_line(&format!("  {}", sample.join(" | ")));
    }
    for (kind, count) in &view.kinds {
        let kind = match kind.as_str() {
            "by_sign" => cli::import_by_sign(),
            kind => JOURNAL_KIND.name(kind),
        };
        output.print_line(&format!("  {count:>8} {kind}"));
    }
    for line in &view.unreadable {
        let unreadable = cli::import_unreadable(&line.to_string());
        output.print_line(&format!("  {unreadable}"));
    }
    for ask in &view.asks {
        let (sentence, next) = output.sentences((*ask).into());
        output.print_line(&format!("{sentence} {next}"));
    }
}

fn print_imported(imported: &Imported, output: &Output) {
    let (report, asset) = (&imported.report, &imported.asset);
    output.print_line(&format!(
        "{} {} {}",
        messages::done_rows(report.rows.into()),
        messages::done_receipts(report.receipts.into()),
        messages::done_balance(&money(imported.balance, asset))
    ));
    let counted =
        |count: u32, sentence: fn(u64) -> String| (count > 0).then(|| sentence(count.into()));
    let notes = [
        counted(imported.replaced, messages::done_replaced),
        (!report.brought_forward.is_zero())
            .then(|| messages::done_brought_forward(&money(report.brought_forward, asset))),
        counted(report.twice, messages::done_twice),
        counted(report.gaps, messages::done_gaps),
        counted(report.left_out, messages::done_left_out),
        counted(report.resembling, messages::done_resembling),
    ];
    for note in notes.into_iter().flatten() {
        output.print_line(&note);
    }
    output.print_line(&documents::imported());
    output.print_line(&cli::import_look());
}
