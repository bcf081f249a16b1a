# Every entry of the journal, and why it is there. Amounts, dates and times are given as texts.

history-title = History
# Beside the title; $zone is the short name of the time zone.
history-note = every credit in and out, in your local time ({ $zone })
history-export = Export
history-chosen = { $rows ->
    [one] { $rows } row of a finding or dispute
   *[other] { $rows } rows of a finding or dispute
}
history-add-to-dispute = Add to dispute
history-show-all = Show all history
history-nothing-matches = Nothing matches.
history-clear-filters = Clear filters
history-entries = { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
}
# A search shows the newest matches only.
history-newest-matches = { $matches ->
    [one] the newest { $matches } match; there are more, which are not in the sums
   *[other] the newest { $matches } matches; there are more, which are not in the sums
}
history-exported = { NUMBER($entries) } exported
history-loading = Reading the copy…

## Keys of the keyboard, and what each does

history-key-enter = Enter
history-key-escape = Esc
history-keys-move = move
history-keys-open = open
history-keys-dispute = dispute
history-keys-close = close

## Filters

history-service = Service
history-all-services = All services
history-kind = Kind
history-all-kinds = All kinds
history-event = Event
history-all-events = All events
history-dates = Dates
history-all-dates = All dates
history-today = Today
history-last-days = Last { NUMBER($days) } days
history-own-dates = Chosen dates
history-from-day = From day
history-to-day = To day
history-more-filters = More
# $filters is how many are set.
history-more-filters-set = More ({ NUMBER($filters) })
history-search = Search history
history-search-hint = Run ID, amount or word
history-filters-set = Filters that are set
# $name is a filter that is set: a kind, an event, or days.
history-remove-filter = { $name }, remove
history-days = { $from } – { $to }
history-days-from = { $from } – today
history-days-to = the beginning – { $to }

## Sums, and the chart of days

history-opening = Opening
history-added = Added
history-spent = Spent
history-closing = Closing
history-adds-up = Adds up
history-most-a-day = up to { $amount } a day
# The chart shows the last $shown of the $days days that have entries.
history-most-a-day-of = up to { $amount } a day; the last { NUMBER($shown) } of { NUMBER($days) } days with entries
history-by-day = Added and spent a day
history-day = Day

## The table

history-time = Time
history-what = What
history-amount = Amount
history-balance-after = Balance after
history-status = Status
# $day is a date.
history-day-today = Today, { $day }
history-refund = refund
history-row-loading = loading

## One entry

history-entry = Entry { $entry }
history-no-credits-moved = No credits moved
history-why = Why did this happen?
history-not-explained = Not explained by what is on record.
history-explained-from = { $records ->
    [one] Explained from { $records } record.
   *[other] Explained from { $records } records.
}
history-linked = Linked
history-run = Run
history-by = By
history-reason = Reason
history-payment = Payment
history-invoice = Invoice
history-coupon = Coupon
history-taken-from = Taken from
history-given-to = Given to
history-ledger-entry = Ledger entry
history-show-dispute = Show dispute
history-copy = Copy
history-copied = Copied
history-no-reason-given = no reason given

## family history-actor
# Who acted.

history-actor-operator = operator
history-actor-booth = booth
history-actor-system = system
history-actor-support = support
