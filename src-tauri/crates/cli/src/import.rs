//! A history from files, at the terminal.

use std::process::ExitCode;

use boothkeeper_app::domain::Programme;
use boothkeeper_app::import::{
    DateOrder, Decimals, Field, Imported, Mapping, TablePreview, Whose, import, preview,
};
use boothkeeper_app::words::{IMPORTED, money};
use boothkeeper_app::{App, AppError, Code, Options};

use crate::arguments::{Dates, ImportArguments, Mark};
use crate::output::{Output, json_name};

pub fn run(
    options: &Options,
    arguments: ImportArguments,
    output: &Output,
) -> Result<ExitCode, AppError> {
    let mapping = mapping(&arguments)?;
    let programme = match arguments.studio {
        true => Programme::Studio,
        false => Programme::Booth,
    };
    if arguments.preview {
        let view = preview(options, &arguments.files, programme, mapping.as_ref())?;
        output.preview(&view);
        return Ok(ExitCode::SUCCESS);
    }
    let whose = Whose {
        email: arguments
            .email
            .or_else(|| known_email(options))
            .unwrap_or_default(),
        programme,
    };
    let (_, imported) = import(options, &arguments.files, &whose, mapping.as_ref())?;
    output.imported(&imported);
    Ok(ExitCode::SUCCESS)
}

/// The address of the account that this folder copies, if it does.
fn known_email(options: &Options) -> Option<String> {
    let app = App::open(options.clone()).ok()?;
    app.overview().view().ok()?.plan.map(|plan| plan.email)
}

/// `None` if nothing was said: then what was said before counts.
fn mapping(arguments: &ImportArguments) -> Result<Option<Mapping>, AppError> {
    let mut mapping = Mapping {
        dates: arguments.dates.map(|dates| match dates {
            Dates::Dmy => DateOrder::Dmy,
            Dates::Mdy => DateOrder::Mdy,
            Dates::Ymd => DateOrder::Ymd,
        }),
        decimals: arguments.decimal.map(|mark| match mark {
            Mark::Point => Decimals::Point,
            Mark::Comma => Decimals::Comma,
        }),
        ..Mapping::default()
    };
    for said in &arguments.map {
        let (field, title) = said.split_once('=').ok_or_else(unknown)?;
        let field = Field::named(field).ok_or_else(unknown)?;
        mapping.columns.insert(field, title.to_owned());
    }
    Ok(Some(mapping).filter(|mapping| *mapping != Mapping::default()))
}

fn unknown() -> AppError {
    let fields = Field::ALL.map(|field| json_name(&field)).join(", ");
    AppError::because(
        Code::UnknownName,
        format!("--map wants FIELD=TITLE, of: {fields}"),
    )
}

impl Output {
    fn preview(&self, view: &TablePreview) {
        if self.json() {
            return self.print(view);
        }
        self.line(&format!(
            "{} rows; columns: {}",
            view.rows,
            view.titles.join(" | ")
        ));
        for (field, title) in &view.mapping.columns {
            self.line(&format!("  {:<12} <- {title}", json_name(field)));
        }
        let used = |title: &&String| !view.mapping.columns.values().any(|taken| taken == *title);
        let unused: Vec<_> = view.titles.iter().filter(used).cloned().collect();
        if !unused.is_empty() {
            self.line(&format!("  not used: {}", unused.join(" | ")));
        }
        for (what, how) in [
            ("dates", view.mapping.dates.as_ref().map(json_name)),
            ("decimals", view.mapping.decimals.as_ref().map(json_name)),
        ] {
            if let Some(how) = how {
                self.line(&format!("  {what} are read as {how}"));
            }
        }
        for sample in &view.samples {
            self.line(&format!("  {}", sample.join(" | ")));
        }
        for (kind, count) in &view.kinds {
            let kind = match kind.as_str() {
                "by_sign" => "runs and purchases, by their sign alone",
                kind => kind,
            };
            self.line(&format!("  {count:>8} {kind}"));
        }
        for line in &view.unreadable {
            self.line(&format!("  line {line} cannot be read"));
        }
        for ask in &view.asks {
            let (sentence, next) = crate::words::sentence((*ask).into());
            self.line(&format!("{sentence} {next}"));
        }
    }

    fn imported(&self, imported: &Imported) {
        if self.json() {
            return self.print(imported);
        }
        let report = &imported.report;
        self.line(&format!(
            "{} rows and {} receipts; the history ends with {}.",
            report.rows,
            report.receipts,
            money(imported.balance, &imported.asset)
        ));
        if imported.replaced > 0 {
            self.line(&format!(
                "It takes the place of {} entries that were imported before.",
                imported.replaced
            ));
        }
        if !report.brought_forward.is_zero() {
            self.line(&format!(
                "It begins with {}, and does not say where that came from.",
                money(report.brought_forward, &imported.asset)
            ));
        }
        if report.twice > 0 {
            self.line(&format!(
                "{} rows are in two of the tables and count once.",
                report.twice
            ));
        }
        if report.gaps > 0 {
            self.line(&format!(
                "Balances that do not follow from the one before: {}. Those differences have no cause.",
                report.gaps
            ));
        }
        if report.left_out > 0 {
            self.line(&format!(
                "{} rows move no credits and were left out.",
                report.left_out
            ));
        }
        if report.resembling > 0 {
            self.line(&format!(
                "Receipts that may be purchases in the table, and are not claimed to be missing: {}.",
                report.resembling
            ));
        }
        self.line(IMPORTED);
        self.line("Look at it with --imported: `boothkeeper --imported explain`.");
    }
}
