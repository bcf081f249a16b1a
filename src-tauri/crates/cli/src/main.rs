//! `boothkeeper`: the command line, which does what the window does, for terminals and scripts.

mod arguments;
mod commands;
mod folder;
mod output;
mod values;

use std::process::ExitCode;

use arguments::Arguments;
use boothkeeper_app::AppError;
use clap::Parser;
use folder::Folder;
use output::Output;

fn main() -> ExitCode {
    if let Some(ended) = boothkeeper_app::run_if_document_reader() {
        return ended;
    }
    boothkeeper_app::log_to_stderr();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let output = Output::new(arguments.json);
    let code = match run(arguments, &output) {
        Ok(code) => code,
        Err(error) => output.error(&error),
    };
    output.ended(code)
}

fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, AppError> {
    let folder = Folder::new(arguments.data, arguments.imported)?;
    arguments.command.run(folder, output)
}
