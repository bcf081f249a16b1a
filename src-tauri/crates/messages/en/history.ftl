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

## Why an entry is there. $amount is what moved, $paid what a card paid, $reason what the booth or the bank gave as one.

history-why-usage = { $units ->
    [one] The cloud takes { $amount } when a run starts: { $service }.
   *[other] The cloud takes { $amount } for { $units } units when a run starts: { $service }.
}
history-why-usage-refund = { $amount } came back for a run that was charged.
history-why-run-failed = The booth or the cloud reported that the run failed: { $reason }. A failure moves no credits; a refund does.
history-why-purchase = { $amount } of credits, bought for { $paid } on the card.
history-why-purchase-started = The card was charged { $paid }; the credits come with an entry of their own.
history-why-purchase-declined = The card did not pay: { $reason }. Nothing was charged.
history-why-auto-recharge = Auto-recharge bought { $amount } for { $paid } because the balance was low.
history-why-auto-recharge-failed = Auto-recharge could not charge the card: { $reason }. It is off now.
history-why-renewal = The plan’s fee of { $amount } was paid from credits. The period it paid for ends { $until }.
history-why-renewed-by-card = The plan’s fee of { $paid } was paid by card; no credits moved. The period ends { $until }.
history-why-payment-failed = The fee of { $paid } was not paid: { $reason }.
history-why-allowance = The month’s allowance of { $amount }. What is left of it expires on { $until }.
history-why-expiry = { $amount } expired unused.
history-why-closure = The account closed, and its { $amount } in credits were deleted.
history-why-coupon-redeemed = Coupon { $coupon } was accepted. Its bonus waits to be activated by hand.
history-why-coupon-bonus = The bonus of coupon { $coupon } was activated.
history-why-compensation = Support added { $amount } as compensation.
history-why-reversal-given = An earlier entry was undone: { $amount } came back, each part as the kind of credits it was.
history-why-reversal-taken = An earlier entry was undone: { $amount } were taken back.
history-why-plan-changed = From here the plan is { $plan }.
history-why-plan-changed-paid = From here the plan is { $plan }. The card paid { $paid } for it.
history-why-plan-change-requested = { $plan } was asked for, from the period’s end.
history-why-event-scheduled = { $event } was put on the calendar.
# An event whose name is not known.
history-why-some-event-scheduled = An event was put on the calendar.
history-why-adjustment = Support changed the balance: { $reason }.
history-why-adjustment-without-reason = Support changed the balance and gave no reason.
history-why-bonus = The cloud gave a bonus of { $amount }.
history-why-unknown-kind = This version does not know this kind of entry.
# For other kinds: the kind's name as a sentence.
history-why-other = { $kind }.
history-no-reason-given = no reason given

## family history-actor
# Who acted.

history-actor-operator = operator
history-actor-booth = booth
history-actor-system = system
history-actor-support = support
