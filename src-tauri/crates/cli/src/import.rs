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
    app.overview().ok()?.plan.map(|plan| plan.email)
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
        let (field, title) = said
            .split_once('=')
            .ok_or(AppError::new(Code::UnknownName))?;
        let field = Field::named(field).ok_or(AppError::new(Code::UnknownName))?;
        mapping.columns.insert(field, title.to_owned());
    }
    Ok(Some(mapping).filter(|mapping| *mapping != Mapping::default()))
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
        for sample in &view.samples {
            self.line(&format!("  {}", sample.join(" | ")));
        }
        for (kind, count) in &view.kinds {
            self.line(&format!("  {count:>8} {kind}"));
        }
        for line in &view.unreadable {
            self.line(&format!("  line {line} cannot be read"));
        }
        for ask in &view.asks {
            let (sentence, next) = crate::words::sentence(*ask);
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
        if report.gaps > 0 {
            self.line(&format!(
                "At {} places the balances do not follow from each other: those differences have no cause.",
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
                "{} receipts look like purchases in the table and are not claimed to be missing.",
                report.resembling
            ));
        }
        self.line(IMPORTED);
        self.line("Look at it with --imported: `boothkeeper --imported explain`.");
    }
}
