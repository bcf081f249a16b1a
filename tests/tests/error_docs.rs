//! docs/errors.md must list every error code.

use boothkeeper_app::Code;
use boothkeeper_wire::problem::ProblemCode;

#[test]
fn every_error_code_is_in_errors_md() {
    let table = include_str!("../../docs/errors.md");
    for code in ProblemCode::ALL {
        let row = format!(
            "| `{}` | {} | {} |",
            code.name(),
            code.status(),
            code.title()
        );
        assert!(table.contains(&row), "missing: {row}");
    }
    for code in Code::ALL {
        let name = serde_json::to_value(code).unwrap();
        let row = format!("| `{}` |", name.as_str().unwrap());
        assert!(table.contains(&row), "missing: {row}");
    }
}
