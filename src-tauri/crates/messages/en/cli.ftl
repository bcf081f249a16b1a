# The command line: what `boothkeeper` prints without --json. The page does not load this file.
# Amounts, days and times are given as text, already formatted; times have their zone.
# Commands between backticks, options such as --yes and words in capitals such as URL are typed: they are not translated.

## Failures

# Below an error. $cause is a technical detail in English.
cli-because = because: { $cause }

## family cli-failure

cli-failure-output = The output could not be written. What you asked for may have been done: look before you repeat it.

## family cli-cause

# Details below an error.
cli-cause-no_finding = no finding of that name in these days; `boothkeeper explain` lists them
# A colon and the names of the fields follow.
cli-cause-map = --map wants FIELD=TITLE, of

## Signing in, syncing

cli-session-signed-in = Signed in.
cli-session-signed-out = Signed out. The copy on this computer was deleted.
cli-session-refused =
    { $actions ->
        [one] { $actions } waiting action was refused or needs a new decision: see `boothkeeper outbox list`.
       *[other] { $actions } waiting actions were refused or need a new decision: see `boothkeeper outbox list`.
    }

## How long the credits last. The lines about an event are indented below its name.

cli-runway-no-event = No event is scheduled.
cli-runway-event = { $event }: { $from } to { $to }
cli-runway-runs =
    { $runs ->
        [one] ~{ $runs } run to come, ~{ $amount } needed
       *[other] ~{ $runs } runs to come, ~{ $amount } needed
    }
# What the estimate is based on. $confidence is rough or fair, $events the number of comparable past events.
cli-runway-basis-own =
    { $confidence ->
        [rough] rough estimate, from this event’s own pace; comparable past events: { NUMBER($events) }
       *[fair] fair estimate, from this event’s own pace; comparable past events: { NUMBER($events) }
    }
cli-runway-basis-past =
    { $confidence ->
        [rough] { $events ->
            [one] rough estimate, from { $events } past event
           *[other] rough estimate, from { $events } past events
        }
       *[fair] { $events ->
            [one] fair estimate, from { $events } past event
           *[other] fair estimate, from { $events } past events
        }
    }
cli-runway-ends = the credits end about { $at }; ~{ $missing } are missing
cli-runway-lasts = the credits last to the end of the event
cli-runway-daily = daily limit: { $used } of { $limit }, resets { $at }
cli-runway-daily-reached = the limit is reached about { $at }

## History

# Beside an entry: credits that have not arrived, what the card paid, what the card did not pay.
cli-history-coming = { $amount } to come
cli-history-charge = card { $amount }
cli-history-charge-failed = not paid: { $amount }
cli-history-balances = balance before and after these days: { $before }, { $after }
# $entry is the number of an entry.
cli-history-more = There are more: run it again with --before { $entry }
cli-history-exported =
    { $entries ->
        [one] { $entries } entry in { $path }
       *[other] { $entries } entries in { $path }
    }

## Explanation

# $from and $to are days.
cli-explain-days = { $from } to { $to }
cli-explain-opening = opening
cli-explain-closing = closing
# What runs took, by service and by event; $parts are not listed.
cli-explain-by-service = by service
cli-explain-by-event = by event
cli-explain-no-name = none
cli-explain-more-parts = and { NUMBER($parts) } more
# Below a finding: the numbers of the entries that prove it.
cli-explain-proof =
    { $count ->
        [one] proven by entry { $entries }
       *[other] proven by entries { $entries }
    }
cli-explain-proof-range = proven by { NUMBER($count) } entries from { $first } to { $last }
cli-explain-as-of = as of { $at } ({ $zone })

## family cli-severity

cli-severity-info = info
cli-severity-warn = warn
cli-severity-alarm = alarm

## The plan. $plan is the name of a plan with its billing cycle.

cli-plan-active = { $plan }, active
cli-plan-grace = { $plan }, grace
cli-plan-closed = { $plan }, closed
cli-plan-paid-period = paid from { $from } to { $to } ({ $zone })
cli-plan-cancelled = cancelled: no renewal at { $at }
cli-plan-card-then-credits = renewals are paid by the card first, then by credits
cli-plan-card-only = renewals are paid by the card, and by nothing else
cli-plan-credits-then-card = renewals are paid by credits first, then by the card
cli-plan-credits-only = renewals are paid by credits, and by nothing else
cli-plan-card = { $brand } •••{ $last4 }, good until { $until }
cli-plan-auto-recharge = auto-recharge: buys { $amount } at { $at } or less
cli-plan-next-by-card = next renewal { $at }: { $fee }, paid by card, credits then { $after }
cli-plan-next-from-credits = next renewal { $at }: { $fee }, paid from credits, { $after } left
cli-plan-next-unpaid = next renewal { $at }: { $fee }, WILL NOT BE PAID: grace begins

## What must not be missed about the plan

cli-plan-requested = from { $at }: { $plan }
cli-plan-requested-coupon = from { $at }: { $plan } with { $coupon }
cli-plan-requested-once-paid = once it is paid: { $plan }
cli-plan-requested-once-paid-coupon = once it is paid: { $plan } with { $coupon }
cli-plan-payment-pending = a charge is pending: the card’s bank has not answered since { $since }
cli-plan-due = GRACE: pay { $fee } with `boothkeeper pay-now`, or `boothkeeper pause`
cli-plan-closes = CLOSES { $at } with { $amount }, unless you act and it reaches the cloud before
cli-plan-closes-all = CLOSES { $at } with every credit, unless you act and it reaches the cloud before

## The next renewal, by who pays first

cli-renewal-fee = { $fee } on { $at } ({ $zone })
# At most 22 characters, before what happens.
cli-renewal-card-first = card first
cli-renewal-card-first-set = card first, as set
cli-renewal-credits-first = credits first
cli-renewal-credits-first-set = credits first, as set
# $outcome is a list of the following.
cli-renewal-if-declined = if declined: { $outcome }
cli-renewal-card = card { $amount }
cli-renewal-unpaid = UNPAID: grace begins
cli-renewal-credits-stay = credits stay { $after }
cli-renewal-credits-move = credits { $before } -> { $after }
cli-renewal-expires = { $amount } of them expire
cli-renewal-allowance = { $amount } come as allowance
cli-renewal-auto-recharge = auto-recharge buys { $amount }: { $after }

## What a decision does, before it is confirmed

cli-decide-charges-card = charges the card { $amount }
cli-decide-takes-credits = takes from credits { $amount }
cli-decide-takes-effect = takes effect { $at } ({ $zone })
cli-decide-gives-up = gives up what is paid until { $at }
cli-decide-credits-then = credits then { $amount }
# $event is the name of an event.
cli-decide-destroys = deletes for good, with its gallery: { $event }
cli-decide-next-by-card = next renewal { $at }: { $fee } by card
cli-decide-next-from-credits = next renewal { $at }: { $fee } from credits
cli-decide-next-unpaid = next renewal { $at }: { $fee } PAID BY NEITHER CARD NOR CREDITS: grace would begin
cli-decide-closes = THE ACCOUNT CLOSES { $at }, and { $amount } in credits are deleted; `boothkeeper pause` keeps them
# Follow the credits then: a part of them, the monthly allowance, and prices.
cli-decide-expires = of them { $amount } expire, from { $at } on
cli-decide-allowance-falls = the monthly allowance falls by { $amount }
cli-decide-price = { $service } costs { $after } instead of { $before }
# The answer is typed as yes in every language.
cli-decide-confirm = Type yes to do it:
cli-decide-sent-by-other = Another Boothkeeper on this computer uses this copy; it sends this.

## Buying credits. $brand and $last4 are the card’s brand and its last four digits.

cli-buy-charges = charges the card { $amount } { $brand } •••{ $last4 }
cli-buy-charges-no-card = charges the card { $amount }; there is none on file
cli-buy-deleted = they are deleted with the account on { $at }, unless the plan is paid or paused
cli-buy-recharges = charges the card { $amount } whenever the balance is { $at } or less
cli-buy-recharges-now = charges the card { $amount } whenever the balance is { $at } or less, and so at once

## Deadlines

# Beside a deadline: the credits that it may delete.
cli-deadlines-stake = { $amount } at stake
cli-deadlines-none = Nothing is due.
cli-deadlines-exported =
    { $deadlines ->
        [one] { $deadlines } deadline in { $path }
       *[other] { $deadlines } deadlines in { $path }
    }
# $deadline is a title such as “Plan renews”, $left a span such as “3 days”.
cli-deadlines-reminder = REMINDER: { $deadline } in { $left }, { $at } ({ $zone })
cli-deadlines-reminder-stake = REMINDER: { $deadline } in { $left }, { $at } ({ $zone }), { $amount } at stake

## The outbox

cli-outbox-started-over = A new outbox has begun. There was no old one. Log in again.
cli-outbox-started-over-kept = A new outbox has begun. The old one is kept as { $path }. Log in again.
# Actions with their details, where the window has no such sentence.
cli-outbox-pay-by-card = Pay the fee now by card
cli-outbox-pay-from-credits = Pay the fee now from credits
# What an action would do now that things have changed. $events are names of events, with commas between them.
cli-outbox-now-charges = It would now charge { $amount }.
cli-outbox-now-destroys = It would now delete for good: { $events }.

## Disputes: the list

# $open is the number of open disputes, $amount what they claim.
cli-disputes-sums = open: { NUMBER($open) } ({ $amount }); won back this year: { $won }

## A draft or a ticket

# An amount that is not known is a question mark.
cli-disputes-claim = expected { $expected }, actual { $actual }: owed { $owed }
cli-disputes-balances = expected { $expected }, actual { $actual }
# $sum is an equation with a number of rows.
cli-disputes-days = { $from } to { $to }: { $sum }
# $cause is a name such as “Credits bought”, $entries the numbers of the entries.
cli-disputes-explained =
    { $count ->
        [one] ALREADY EXPLAINED: { $cause } { $amount } (entry { $entries }). You can still file it.
       *[other] ALREADY EXPLAINED: { $cause } { $amount } (entries { $entries }). You can still file it.
    }
cli-disputes-explained-part =
    { $count ->
        [one] ALREADY EXPLAINED IN PART: { $cause } { $amount } (entry { $entries }). You can still file it.
       *[other] ALREADY EXPLAINED IN PART: { $cause } { $amount } (entries { $entries }). You can still file it.
    }
cli-disputes-disputed = ALREADY IN DISPUTE: { $ticket } is open on this, or on part of it.
cli-disputes-attached = attached: { $file }
# A file’s name and size.
cli-disputes-file =
    { $bytes ->
        [one] { $name } ({ $bytes } byte)
       *[other] { $name } ({ $bytes } bytes)
    }
cli-disputes-noticed = noticed: { $day }
cli-disputes-payment = payment: { $payment }
cli-disputes-paid = paid: { $amount }
cli-disputes-paid-on = paid on: { $day }
cli-disputes-coupon = coupon: { $coupon }
cli-disputes-plan = plan: { $plan }
cli-disputes-legacy = legacy products: { $products }
# The message follows on lines of its own.
cli-disputes-message = message:
# $id is the draft’s.
cli-disputes-send = send it: boothkeeper dispute send { $id }
cli-disputes-send-mail = send it by e-mail: boothkeeper --imported dispute save-eml { $id } FILE
# $step is one of disputes-problem, as it is said in a terminal.
cli-disputes-before-sent = before it is sent: { $step }
cli-disputes-reply = reply expected by { $by }
cli-disputes-reply-overdue = reply expected by { $by }, which has passed
# How support decided. $amount is what came back.
cli-disputes-credited = credited: { $amount }
cli-disputes-refunded = refunded: { $amount }
cli-disputes-outcome-explained = explained: { $amount }
# Numbers of entries, with commas between them.
cli-disputes-entries = entries: { $entries }

## What was done with a dispute

# $reason is a sentence about an error.
cli-disputes-not-sent = Not sent yet: { $reason } It waits in the outbox, and the next sync sends it.
cli-disputes-taken-back = Taken back before it was sent: it is a draft again.
cli-disputes-deleted = The draft was deleted.
# $files are paths, with commas between them.
cli-disputes-mail-to = Mail this to { $to }: { $files }
cli-disputes-mail = Mail this to your vendor’s support: { $files }
cli-disputes-files-saved =
    { $files ->
        [one] { $files } file in { $folder }
       *[other] { $files } files in { $folder }
    }

## Verifying the copy. $entry is the number of an entry.

cli-verify-ok =
    { $entries ->
        [one] The one entry is as the cloud signed it, up to { $entry }.
       *[other] All { $entries } entries are as the cloud signed them, up to { $entry }.
    }
cli-verify-diverged =
    { $entries ->
        [one] The one entry is as the cloud signed it, up to { $entry }; but the cloud now has something else.
       *[other] All { $entries } entries are as the cloud signed them, up to { $entry }; but the cloud now has something else.
    }
cli-verify-imported =
    { $entries ->
        [one] The one entry is as it was imported; no cloud has verified it.
       *[other] All { $entries } entries are as they were imported; no cloud has verified them.
    }
cli-verify-bad-entry = Entry { $entry } is not what was proven. Run it again while online.

## Verifying a packet: a history with its proof

# $account is an account’s id, $from and $to are days, $key is the fingerprint of a key.
cli-verify-packet =
    { $entries ->
        [one] { $entries } entry of account { $account } from { $from } to { $to }, up to entry { $entry }, is as it was signed, with the key { $key }.
       *[other] { $entries } entries of account { $account } from { $from } to { $to }, up to entry { $entry }, are as they were signed, with the key { $key }.
    }
cli-verify-packet-end = What happened after { $at } is not in this proof.
cli-verify-packet-key = The key is one of that cloud.
cli-verify-packet-key-unknown = To learn whether that is a key of your cloud, run it again with --cloud URL.
cli-verify-packet-imported = The operator imported this history and signed it here: no cloud has verified it.
cli-verify-packet-imported-flaw = The operator imported this history and signed it here: no cloud can vouch for it.
# $names are names of files, with commas between them.
cli-verify-packet-unproven = Not covered by that proof: { $names }.
# $flaw is one of the next family.
cli-verify-not-proven = NOT PROVEN: { $flaw }.
cli-verify-not-proven-entry = NOT PROVEN: { $flaw }, first at entry { $entry }.

## family cli-flaw

cli-flaw-format = it is not a proof of a kind that this version knows
cli-flaw-chain = the entries are not those of the chain
cli-flaw-contradiction = an entry contradicts the one before it, or the unit that is named
cli-flaw-days = entries of these days are missing, or entries of other days are among them
cli-flaw-sum = opening and closing balance are not what the entries come to
cli-flaw-signature = the signature is not over these entries
cli-flaw-unknown_key = it is signed with a key that this cloud does not have
cli-flaw-table = usage-history.csv differs from the signed entries

## Importing a history: what a table has

# $titles are titles of columns, with bars between them.
cli-import-columns =
    { $rows ->
        [one] { $rows } row; columns: { $titles }
       *[other] { $rows } rows; columns: { $titles }
    }
cli-import-unused = not used: { $titles }
# Beside a number of rows.
cli-import-by-sign = taken as run or purchase by the sign alone
cli-import-unreadable = line { $line } cannot be read
cli-import-look = Look at it with --imported: `boothkeeper --imported explain`.

## family cli-import-dates

cli-import-dates-dmy = dates are read as day, month, year
cli-import-dates-mdy = dates are read as month, day, year
cli-import-dates-ymd = dates are read as year, month, day

## family cli-import-decimals

cli-import-decimals-point = amounts are read with a point before the cents
cli-import-decimals-comma = amounts are read with a comma before the cents

## What doctor checks

cli-doctor-in-order = in order

## family cli-doctor-line

cli-doctor-line-version = Version
cli-doctor-line-data = Data folder
cli-doctor-line-zone = Time zone
cli-doctor-line-cloud = Cloud
cli-doctor-line-files = Files
cli-doctor-line-keychain = Keychain
cli-doctor-line-signed_in = Signed in
cli-doctor-line-copy = Local copy
cli-doctor-line-cloud_reachable = Connection

## family cli-fact
# Figures of a refusal, each before its value.

cli-fact-price = price
cli-fact-balance = balance
cli-fact-limit = limit
cli-fact-used = used
cli-fact-resets_at = resets at
cli-fact-minimum = minimum
