/// Every command the page can be allowed to call. A test compares it with the handlers, the capability
/// and the page.
pub const COMMANDS: &[&str] = &[
    "setup",
    "shown",
    "watch",
    "overview",
    "sign_in",
    "sign_in_to_demo",
    "sign_out",
    "try_again",
    "verify",
    "history_summary",
    "history_rows",
    "history_search",
    "entry",
    "export_history",
    "outbox",
    "cancel_command",
    "buy_credits",
    "set_auto_recharge",
];
