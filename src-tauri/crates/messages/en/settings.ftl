# Settings: appearance, reminders, imported history, proof of the copy, the account.

settings-title = Settings
settings-appearance = Appearance

## family settings-theme

settings-theme-system = As the system
settings-theme-light = Light
settings-theme-dark = Dark

## Reminders

settings-reminders = Reminders
settings-reminders-shown = Boothkeeper reminds you of deadlines with notifications, also while the window is closed to the tray: 14, 7 and 3 days, a day and 2 hours before credits are at stake; a week and a day before the rest.
settings-reminders-not-shown = This desktop shows no notifications. Deadlines are on the Overview, and can be exported to a calendar there.
settings-quiet = Quiet hours
settings-quiet-note = reminders wait, except on the last day before an account closes
# The two ends of the quiet hours, each a label before a time.
settings-quiet-from = from
settings-quiet-to = to
settings-at-login-tray = Start when you log in, hidden in the tray
settings-at-login-minimised = Start when you log in, minimised
settings-at-login-note = deadlines are announced even if you do not open the window
settings-stay = Closing the window keeps Boothkeeper in the tray
settings-stay-note = quit from the tray’s menu
settings-stay-no-tray = this desktop has no tray: closing the window quits, and reminders wait for the next start

## Imported history

settings-imported = Imported history
settings-imported-note = For a vendor’s cloud that Boothkeeper cannot connect to yet: import a usage history and receipts into an account of their own. It is not verified by a cloud; explanations, history and disputes by e-mail work with it.
settings-import = Import a history…
settings-show-imported = Show the imported account

## Proof of the copy

settings-proof = Proof of the copy
settings-proof-note = Recomputes the chain, the balance and every row from the entries as the cloud sent them, and compares them with what the cloud signed. What is damaged is repaired or fetched again.
settings-proof-run = Verify the whole copy
settings-proof-running = Working…
settings-proof-ok =
    { $entries ->
        [0] There are no entries yet.
        [one] The one entry is as the cloud signed it.
       *[other] All { $entries } entries are as the cloud signed them.
    }
# $entry is an entry's number in the journal.
settings-proof-bad-entry = Entry { $entry } is not what was proven. Try again while online.
settings-proof-bad = The copy is not what was proven. Try again while online.
settings-proof-diverged = The copy is as the cloud signed it, but the cloud now has something else. Keep this computer’s data as evidence and contact support.
# $entry is the number of the last entry, $hash the chain's value there.
settings-proof-chain = chain at { $entry }: { $hash }

## Account

settings-account = Account
settings-key-environment = The access key comes from this computer’s environment and is not stored.
settings-key-kept = The access key is kept in this computer’s keychain, or in memory if you chose so.
# $zone is a time zone such as Europe/Paris.
settings-zone = Days are counted in { $zone }.
settings-sign-out-consequence =
    { $waiting ->
        [0] Signing out forgets the key and the copy on this computer. The cloud keeps everything.
        [one] Signing out forgets the key, the copy and { $waiting } waiting action on this computer. The cloud keeps everything.
       *[other] Signing out forgets the key, the copy and { $waiting } waiting actions on this computer. The cloud keeps everything.
    }
settings-sign-out = Sign out…
settings-sign-out-now = Sign out and forget
settings-stay-signed-in = Stay signed in
