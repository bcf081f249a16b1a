//! Regression tests for payments and plans on the real cloud: charges without an answer, failing steps, previews,
//! quotes and invalid requests.

mod charges;
mod plans;
mod requests;
