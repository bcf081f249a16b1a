# Files that the app makes: the statement (PDF) and the picture of the balance.

# $from and $to are days.
documents-statement-title = Statement of credits, { $from } to { $to }
documents-statement-heading = Statement of credits
documents-account = Account { $account } ({ $email }) at { $cloud }
documents-account-imported = Account of { $email }
# $zone is the name of a time zone.
documents-days = { $from } to { $to }, both included; days and times in { $zone }
documents-imported = This history was imported by the operator. No cloud has verified it.
documents-causes = What moved the balance
# $count is the number of entries.
documents-entries = Entries ({ $count })
documents-entries-cut = The first { NUMBER($listed) } are listed; all are in the usage history beside this statement.
documents-no-entries = Nothing happened on these days.
documents-proof = Proof
documents-column-cause = Cause
documents-column-entries = Entries
documents-column-amount = Amount
documents-column-entry = Entry
documents-column-time = Time
documents-column-what = What
documents-column-event = Event or run
documents-column-balance = Balance
documents-opening = Opening balance
documents-closing = Closing balance
documents-signed = The cloud signed the journal up to entry { $entry } at { $time }: chain value { $chain }, signing key { $key }.
documents-signed-imported = Nothing here is signed by a cloud.
documents-verify = usage-history.json beside this statement has the entries exactly as the cloud sent them; `boothkeeper verify` proves it without any other data.
documents-verify-imported = usage-history.json beside this statement has the entries as they were imported.

documents-picture-title = Spendable credits
documents-picture-live = Live, verified
documents-picture-diverged = Copy and cloud do not agree
documents-picture-imported = Imported, unverified
documents-picture-cached = Last proven balance
documents-picture-pending = { $amount } (not spendable)
documents-picture-place = As of { $time }, journal entry { $entry }
documents-picture-chain = chain { $chain }
# Page numbers of a statement.
documents-page = { $title }, page { NUMBER($page) } of { NUMBER($pages) }
