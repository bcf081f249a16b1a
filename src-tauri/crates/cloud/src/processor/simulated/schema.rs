//! The migration that makes the simulated processor's tables.

/// Makes the simulated processor's tables and moves into them what the cloud kept for the simulator: a card's behaviour
/// in the account's row becomes the token of a card with that behaviour, a charge's delivery leaves the charge's
/// document.
pub const TABLES: &str = r#"
     -- `account` is the account's public id. `confirmed_at` (ms) is when an approved charge is said to be one; NULL is
     -- never, 0 is long ago.
     ALTER TABLE processor_charges RENAME TO older_charges;
     CREATE TABLE processor_charges (
         payment TEXT PRIMARY KEY,
         account TEXT NOT NULL,
         cents INTEGER NOT NULL,
         state TEXT NOT NULL,
         code TEXT,
         confirmed_at INTEGER
     ) WITHOUT ROWID;
     INSERT INTO processor_charges
         SELECT c.payment, a.account, c.cents, c.state, c.code,
             CASE
                 WHEN o.document -> '$.delivery' = '"lost"' THEN NULL
                 WHEN o.document -> '$.delivery.delayed_seconds' IS NOT NULL
                     THEN (SELECT min(d.due_at) FROM deliveries d WHERE d.payment = c.payment)
                 ELSE 0
             END
         FROM older_charges c JOIN accounts a ON a.id = c.account LEFT JOIN charges o ON o.payment = c.payment;
     DROP TABLE older_charges;
     -- Notices from before there was a table of charges are of approved ones.
     INSERT OR IGNORE INTO processor_charges
         SELECT d.payment, a.account, 0, 'approved', NULL, 0 FROM deliveries d JOIN accounts a ON a.id = d.account;

     CREATE TABLE processor_deliveries (payment TEXT PRIMARY KEY, delivery TEXT NOT NULL) WITHOUT ROWID;
     INSERT INTO processor_deliveries
         SELECT payment, document -> '$.delivery' FROM charges
         WHERE document -> '$.delivery' <> '"instant"'
             AND payment NOT IN (SELECT payment FROM processor_charges);
     UPDATE charges SET document = json_remove(document, '$.delivery');

     UPDATE accounts SET card_token = CASE card_behaviour
         WHEN '"decline"' THEN 'tok_declined'
         WHEN '"timeout"' THEN 'tok_timeout'
         WHEN '"requires_action"' THEN 'tok_requires_action'
         ELSE 'tok_visa'
     END;
     ALTER TABLE accounts DROP COLUMN card_behaviour;"#;
