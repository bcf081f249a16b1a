# The first screen: the balance, what is due, what changed. Amounts, dates, times and spans of time are given as texts.

overview-title = Overview
# Beside the title: the current $date, $time and the short name of the time $zone.
overview-now = { $date }, { $time } { $zone }
overview-event-mode = Event mode
overview-closed = This account is closed.
overview-closed-consequences = Its credits were deleted. The history stays readable here; only support can restore the account.
# Before one of the next three, while the cloud has not confirmed the newest state.
overview-stopped-as-last-proven = This is the last proven state.
overview-stopped-no-credits = No credits are left: the booth’s AI, SMS and videos stop. Sharing and galleries go on.
# For a cloud whose services are not known to this program.
overview-stopped-no-runs = No credits are left: no run can start.
# $resets is the local date and time of the reset, which is at 00:00 UTC.
overview-stopped-daily-limit = Today’s limit of { $limit } is used up: runs stop until { $resets } (00:00 UTC). Your credits are not affected.
overview-balance = Balance
# Asks the cloud to confirm the balance.
overview-verify-now = Verify now
overview-try-again = Try again
overview-waiting = Waiting for the cloud
overview-actions-undecided = { $actions ->
    [one] One action needs a new decision.
   *[other] { $actions } actions need a new decision.
}
overview-actions-waiting = { $actions ->
    [one] One action waits for the cloud.
   *[other] { $actions } actions wait for the cloud.
}
overview-show-in-outbox = Show in outbox

## The balance

overview-spendable-credits = Spendable credits
overview-no-balance-yet = No balance yet
overview-copying = { $entries ->
    [one] Copying the journal: { $entries } entry proven so far.
   *[other] Copying the journal: { $entries } entries proven so far.
}
overview-connect-once = Connect to the internet once; after that everything stays readable offline.
overview-note-live = Cloud balance and ledger agree to the cent.
overview-note-cached = Last proven balance. What booths spent since is not in this number.
# $date is the day of a renewal that was due since the cloud was last reached.
overview-note-cached-renewal = Last proven balance. The renewal of { $date } and what booths spent since are not in it.
overview-note-stale = Last proven balance. It is likely to have changed: what booths spent and waiting actions are not in it.
overview-note-stale-renewal = Last proven balance. It is likely to have changed: the renewal of { $date } and waiting actions are not in it.
overview-note-damaged = Last proven balance. Part of the history on this computer is damaged; it is fetched again as soon as the cloud answers.
overview-note-diverged = Last proven balance. The cloud’s journal now differs from this copy, so nothing newer is shown.
overview-note-imported = This balance comes from the imported history. No cloud has verified it.
# Under the credits that expire first on $date.
overview-bucket-until = until { $date }
overview-bucket-kept = kept while your account exists
overview-not-spendable-since = not spendable, since { $date }

## The next event, and whether the credits are enough for it

overview-no-event = No event is scheduled
# $from and $to are times of day, $zone the short name of their time zone.
overview-event-now = now { $from } – { $to } { $zone }
overview-event-coming = { $date } { $from } – { $to } { $zone }
overview-runs-to-come = { $runs ->
    [one] ≈ { $runs } run to come
   *[other] ≈ { $runs } runs to come
}
# How many times the credits that the event needs are there: 2.4×.
overview-multiple = { NUMBER($times, minimumFractionDigits: 1, maximumFractionDigits: 1) }×
overview-multiple-most = 99+×
# $multiple is the multiple above, $basis one of the next two sentences.
overview-enough-for = enough for { $multiple } of that; { $basis }
# $confidence is rough or fair.
overview-estimate-own = { $confidence ->
    [rough] a rough estimate, from this event’s own pace
   *[fair] a fair estimate, from this event’s own pace
}
overview-estimate-past = { $confidence ->
    [rough] { $events ->
        [one] a rough estimate, from { $events } past event
       *[other] a rough estimate, from { $events } past events
    }
   *[fair] { $events ->
        [one] a fair estimate, from { $events } past event
       *[other] a fair estimate, from { $events } past events
    }
}
overview-needed = ≈ { $amount } needed
overview-usual-run = Usual cost of one run
overview-credits-end = Credits end
overview-credits-end-at = ≈ { $time }, { $missing } missing
overview-left-afterwards = Left afterwards
overview-needed-if-busiest = Needed if it goes like the busiest of { NUMBER($events) }
overview-daily-limit = Daily limit
# $local is the local time of 00:00 UTC.
overview-daily-limit-until = Daily limit, until 00:00 UTC ({ $local })
overview-daily-used = { $used } of { $limit }
overview-daily-used-reached = { $used } of { $limit }, reached ≈ { $time }
overview-runs-since-missing = Runs since { $at } are not in this.
overview-too-few-runs = Too few runs, here or at events before, to say how long the credits last.
overview-events-show-here = Events that you schedule at the cloud are shown here, with how long the credits last.
overview-spent-a-day = A day, on average of the last 30

## The clock of this computer. $time is a span of time.

overview-clock-went-back = This computer’s clock was set back. Until the cloud is reached, the age of the balance is unknown and the dates below are uncertain.
overview-clock-ahead = This computer’s clock is { $time } ahead of the cloud’s. Deadlines here use the cloud’s clock; other programs use yours.
overview-clock-behind = This computer’s clock is { $time } behind the cloud’s. Deadlines here use the cloud’s clock; other programs use yours.

## Deadlines

overview-due = What is due
# $deadline is what is due, $ahead a span such as “in 6 days”.
overview-due-in = { $deadline } { $ahead }
overview-due-in-uncertain = { $deadline } { $ahead } (clock uncertain)
overview-change-renewal = Change
overview-nothing-due = Nothing is due within 60 days.
# Shown under the alarm about the end of grace.
overview-nothing-else-due = Nothing else is due within 60 days.
overview-all-deadlines = All { NUMBER($deadlines) }
# What a screen reader says instead of the one above; it begins with the same words.
overview-all-deadlines-heard = { $deadlines ->
    [one] All { $deadlines } deadline
   *[other] All { $deadlines } deadlines
}
overview-column-when = When
overview-column-what = What
overview-column-at-stake = At stake
# $consequence is one of the sentences below.
overview-deadline-and-consequence = { $deadline }, { $consequence }
overview-reminded = reminded { NUMBER($times) }×
overview-next-reminder = next reminder { $at }
overview-reminded-and-next = reminded { NUMBER($times) }×, next reminder { $at }
overview-calendar-written = The calendar file is written.
overview-export-calendar = Export to calendar…
overview-done = Done

## What a deadline brings. They follow its name, so they begin in lower case.

overview-renewal-by-card = { $fee } taken from your CARD, credits then { $after }
overview-renewal-by-card-recharge = { $fee } taken from your CARD, credits then { $after }, then auto-recharge buys { $recharge }
overview-renewal-by-card-credits-stay = { $fee } taken from your CARD, credits stay { $after }
overview-renewal-by-card-credits-stay-recharge = { $fee } taken from your CARD, credits stay { $after }, then auto-recharge buys { $recharge }
overview-renewal-by-credits = { $fee } taken from your CREDITS, { $after } left
overview-renewal-by-credits-recharge = { $fee } taken from your CREDITS, { $after } left, then auto-recharge buys { $recharge }
overview-renewal-unpaid = { $fee } will not be paid: grace begins
overview-cancel-by = after that { $fee } is paid
overview-payment-retry = { $fee } is asked for again
overview-cancelled-period-end = grace begins, { $stake } at stake
overview-grace-end = { $stake } deleted
overview-card-expiry = renewals and auto-recharge need another card
overview-allowance-replaced = { $stake } left of the old allowance expires
overview-allowance-comes = the month’s allowance comes
overview-grant-expiry = { $stake } expires unused
overview-dispute-reply = if no reply comes, write to support again

## The alarm: grace runs, and the account closes at its end

overview-grace-ended = Grace has ended
overview-grace-ends-in = Grace ends in { $left }
overview-grace-over = It ended on { $at }. The cloud was not reached since: the account is probably closed and its { $stake } in credits deleted. Connect to see.
overview-grace-closes = On { $at } your account closes and { $stake } in credits are deleted.
overview-grace-credits-short = Credits did not cover the fee on { $date }.
# $card is the card’s brand and its last four digits.
overview-grace-card-declined = The card { $card } was declined on { $date }.
overview-grace-cancelled = You cancelled the plan.
overview-grace-payment-pending = A payment is waiting for the bank’s answer.
overview-grace-retry = It is tried again on { $at }.
overview-grace-began = { $date }, grace began
overview-grace-day = day { NUMBER($day) } of { NUMBER($days) }
overview-grace-closes-on = closes { $date }
# $command is what was decided, $state how far it has come.
overview-grace-decided = { $command }: { $state }.
overview-grace-decided-before = It must reach the cloud before { $at }; until then all of this stands.
overview-grace-decided-open = Until the cloud has it, all of this stands.
overview-grace-pay-now = Pay { $amount } now
overview-grace-keeps-everything = Keeps everything.
overview-grace-credits-pay = Credits pay: { $before } → { $after }.
overview-grace-card-pays = Your card pays, credits stay { $stake }.
overview-grace-card-pays-or-credits = Your card pays, credits stay { $stake }. You can also choose to pay from credits.
overview-grace-paid-until = Paid until { $date }; then the next fee is due.
overview-grace-pause = Pause: switch to { $plan } (keeps credits)
overview-grace-costs-nothing = Costs nothing.
overview-grace-keeps = Keeps { $stake }, deletes nothing.
overview-grace-keeps-deletes = { $events ->
    [one] Keeps { $stake }, deletes { $events } event and its gallery.
   *[other] Keeps { $stake }, deletes { $events } events and their galleries.
}

## What changed

overview-what-changed = What changed
overview-since = Since
overview-since-look = since you last looked, { $at }
overview-since-today = today
overview-since-days = in the last { NUMBER($days) } days
overview-since-date = since a date
overview-since-this-day = Since this day
# $sum is an equation of amounts: $191.35 − $49.00 = $142.35.
overview-sum-older = { $sum }, before the newest entries
overview-sum-reading = { $sum }, before the newest entries; reading them
overview-sum-complete-to = { $sum }, complete up to { $time }
overview-not-explained-yet = Not explained yet
# Runs that belong to no event.
overview-without-event = no event
# What follows the dearest of several services or events.
overview-more-parts = { NUMBER($parts) } more
overview-entry = entry { $entry }
overview-entries = { $entries ->
    [one] { $entries } entry
   *[other] { $entries } entries
}
overview-no-credits-moved = No credits moved.
# A button after a finding: it shows the rows that the finding is about.
overview-finding-rows = { $rows ->
    [one] row
   *[other] { $rows } rows
}
overview-in-dispute = In dispute
overview-go-on-with-draft = Go on with the draft

## The newest entries. $name is a service.

overview-latest-changes = Latest changes
overview-all-history = All history
overview-nothing-yet = Nothing has happened yet.
overview-no-change = no change
overview-run-for-event = { $name } for { $event }
overview-run-refunded = { $name } was refunded
overview-run-failed = { $name } run failed
overview-entry-kind = entry { $entry } · { $kind }
