# Disputes: the list, a draft as it is written, a ticket at the cloud.
# Amounts, days and times are given as text, already formatted.

disputes-title = Disputes
# $date is a day such as "Friday 27 February", $time a time such as 19:00, $zone a time zone's short name.
disputes-now = { $date }, { $time } { $zone }
disputes-new = New dispute
disputes-nothing-selected = Open a dispute about what the history cannot explain: from a finding on the Overview, from an entry in History, or with “New dispute”. The proof is attached for you.
# The name of the pane with one dispute, for screen readers.
disputes-one = Dispute

## family disputes-kind

# `.long` is the kind as a phrase, for terminal and e-mail.
disputes-kind-failed_run = Failed run, charged
    .long = A failed run that was charged
disputes-kind-poor_result = Poor result
    .long = A run with a poor result
disputes-kind-purchase_missing = Purchase not arrived
    .long = A purchase that did not arrive
disputes-kind-unexpected_deduction = Unexpected deduction
    .long = A deduction nobody expected
disputes-kind-coupon_bonus_missing = Coupon bonus missing
    .long = A coupon's bonus that is missing
disputes-kind-allowance_wrong = Monthly allowance wrong
    .long = A monthly allowance that is wrong
disputes-kind-legacy_mismatch = Legacy credits do not match
    .long = Legacy credits that do not match
disputes-kind-plan_change = Plan change not done
    .long = A change of plan that did not happen
disputes-kind-account_closed = Account closed, credits lost
    .long = An account that was closed
disputes-kind-special_pricing = Education or charity pricing
    .long = Special pricing for education or charity
disputes-kind-other = Something else
    .long = Something else

## family disputes-detected

# What was detected, by the code of the finding. A row's event and time follow as a sentence of their own.
disputes-detected-run_failed_not_refunded = Charged and failed, and no refund is linked to it on record.
disputes-detected-purchase_processing = Paid for, and not here yet.
disputes-detected-purchase_overdue = Paid for, and not here in time.
disputes-detected-coupon_bonus_pending = Accepted; its bonus waits to be activated.
disputes-detected-coupon_bonus_overdue = Accepted, and its bonus was not activated in time.
disputes-detected-plan_change_overdue = Asked for and due, and not done.
disputes-detected-allowance_missing = Due on the billing day, and not here.
disputes-detected-allowance_mismatch = Not what plan and products grant.
disputes-detected-repeated_runs = The same run several times in one second.
disputes-detected-premium_spike = A few expensive runs took most of it.
disputes-detected-account_closed = The account was closed and its credits were deleted.
disputes-detected-unexplained = No cause is on record for it.

## family disputes-problem

# What keeps a draft from being sent. `.next-cli` says in a terminal what to do.
disputes-problem-no_message = Write support a message.
    .next-cli = write a message, with --message
disputes-problem-message_too_long = The message is longer than 16,000 characters.
    .next-cli = shorten the message to 16,000 characters
disputes-problem-no_rows = Choose at least one ledger row.
    .next-cli = name at least one entry, with --entry
disputes-problem-too_many_rows = At most 400 rows go into one dispute.
    .next-cli = name at most 400 entries
disputes-problem-sum_fails = Opening and changes do not come to the closing balance: verify the copy first.
    .next-cli = run `boothkeeper verify`: the days do not add up
disputes-problem-no_days = The days end before they begin.
    .next-cli = choose days in order, with --from and --to
disputes-problem-too_many_files = At most 20 files go into one dispute.
    .next-cli = take files off, with --detach: at most 20
disputes-problem-files_too_large = The files are too large: 10 MiB each, 25 MiB in all.
    .next-cli = take files off, with --detach: 10 MiB each, 25 MiB in all
disputes-problem-file_missing = A file is not on this computer any more: remove it.
    .next-cli = take off the file that is gone, with --detach
disputes-problem-account_closed = A closed account takes disputes about its closing only.
    .next-cli = choose --kind account_closed: the account is closed

## family disputes-state

disputes-state-draft = Draft
disputes-state-queued = Queued
disputes-state-submitted = Submitted
disputes-state-in_review = In review
disputes-state-resolved = Resolved
disputes-state-rejected = Rejected
disputes-state-withdrawn = Withdrawn

## family disputes-answered

# Support had the last word.
disputes-answered-submitted = Submitted: support has written, it is yours to answer
disputes-answered-in_review = In review: support has written, it is yours to answer

## family disputes-overdue

# $by is when the reply was expected.
disputes-overdue-submitted = Submitted, no reply by { $by }
disputes-overdue-in_review = In review, no reply by { $by }

## family disputes-expected

disputes-expected-submitted = Submitted, reply expected by { $by }
disputes-expected-in_review = In review, reply expected by { $by }

## family disputes-outcome

disputes-outcome-credited = Resolved: credited
disputes-outcome-refunded = Resolved: refunded
disputes-outcome-explained = Resolved: explained

## The list

disputes-all = All disputes
disputes-failed-runs =
    { $runs ->
        [one] Failed run, charged
       *[other] { $runs } failed runs, charged
    }
disputes-draft-came-right = Draft: this has come right
disputes-being-sent = Being sent
disputes-queued-offline = Queued, sent when connected
# $amount is what came back.
disputes-resolved-amount = Resolved { $amount }
disputes-withdrew-itself-came-right = Withdrew itself: this has come right
disputes-none = Nothing is in dispute.
disputes-open = Open, { NUMBER($disputes) }
disputes-won-back = Won back this year

## A draft

disputes-withdrew-itself = Withdrew itself
disputes-waits = Waits for the cloud, reply by { $by }
disputes-saved = Draft saved { $time }
disputes-saved-reply = Draft saved { $time }, reply by { $by }
disputes-offline = It waits here and is sent, once, as soon as the cloud can be reached.
disputes-came-right = What this complains about has come right meanwhile. Send it only if something is still wrong; otherwise discard it.
# After the reason of the cloud's refusal.
disputes-not-filed = Nothing was filed.
disputes-with-support = This, or part of it, is with support already. The same complaint sent again becomes a message there, any other a second ticket.
disputes-show-that = Show that dispute
disputes-explained = Your history explains this difference:
disputes-explained-part = Your history explains a part of this difference:
# Follows one of the two above. $cause is a name such as "Credits bought", $entry the number of the only entry.
disputes-explained-by =
    { $entries ->
        [one] { $cause } { $amount } (entry { $entry }). You can still file it.
       *[other] { $cause } { $amount } ({ $entries } entries). You can still file it.
    }

disputes-reason = Reason
disputes-reason-detected = Detected reason
disputes-reason-change = Change reason
disputes-reason-choose = Reason of the dispute
# When the first row was, and of which event.
disputes-first-row = { $at }.
disputes-first-row-event = { $event }, { $at }.

disputes-balance = Balance
disputes-balance-expected = Expected balance
disputes-balance-actual = Actual balance
disputes-claim = You claim
disputes-claim-back = You ask back
disputes-adds-up = Opening + sum = closing
disputes-not-adds-up = It does not add up
disputes-sums-up =
    { $rows ->
        [one] { $opening } + { $change } = { $closing }, { $rows } row
       *[other] { $opening } + { $change } = { $closing }, { $rows } rows
    }
disputes-sums-down =
    { $rows ->
        [one] { $opening } − { $change } = { $closing }, { $rows } row
       *[other] { $opening } − { $change } = { $closing }, { $rows } rows
    }

disputes-rows = Ledger rows
disputes-rows-ticked = { NUMBER($ticked) } of { NUMBER($rows) } ticked
disputes-rows-none = No rows yet. Open an entry in History and press “Add to dispute”, or choose only the days below.
disputes-rows-more =
    { $rows ->
        [one] Show { $rows } more row
       *[other] Show { $rows } more rows
    }

disputes-details = Days and details
disputes-noticed-on = Noticed on
disputes-history-from = History from
disputes-history-to = History to
disputes-payment = Payment number
disputes-paid = Paid
disputes-paid-on = Paid on
disputes-coupon = Coupon
disputes-plan = Plan
disputes-products = Products, separated by commas

disputes-message = Message to support
disputes-message-section = Message
# The message as it is sent follows.
disputes-message-masked = Guests’ numbers and addresses are masked. It is sent as:
disputes-mail-saved =
    { $letters ->
        [one] Saved { $letters } letter. Open it in your mail program and send it.
       *[other] Saved { $letters } letters. Open them in your mail program and send them.
    }

disputes-withdrawn-unchanged = You had not changed it when this came right, so it withdrew itself.
disputes-dismiss = Dismiss
disputes-sending = Being sent. It can be taken back until it is sent.
disputes-queued = Queued. It can be taken back until it is sent.
disputes-take-back = Take back
disputes-nothing-sent-mail = Nothing is sent before you send the letter.
disputes-nothing-sent = Nothing is sent until you submit.
disputes-discard = Discard
disputes-save-mail = Save e-mail
disputes-open-mail = Open in mail program
disputes-submit = Submit dispute
disputes-submit-amount = Submit { $amount } dispute
disputes-queue = Queue dispute
disputes-queue-amount = Queue { $amount } dispute

## Attachments

disputes-files = Attachments
disputes-files-preparing = being made…
disputes-files-ready = ready to send, { $size } together
disputes-files-sent = { $size } together
disputes-file-add = Add file
# $name is a file's name.
disputes-file-remove = Remove { $name }
disputes-file-missing = { $size }, missing
disputes-file-own = { $size }, yours
disputes-files-allowed = PDF, PNG, JPEG or e-mail; drop them here. The place where a photo was taken is removed from it.
# Sizes of files. $megabytes has one decimal.
disputes-size-bytes = { NUMBER($bytes) } B
disputes-size-kilobytes = { NUMBER($kilobytes) } KB
disputes-size-megabytes = { $megabytes } MB

## A ticket

disputes-opened = Opened
disputes-reply-expected = Reply expected by
disputes-reply-overdue = Reply was expected by
disputes-balance-then = Actual balance then
# $amount has its sign.
disputes-came-back = { $amount } came back.
disputes-show-booked = Show what was booked
disputes-rejected = Rejected.
disputes-rejected-why = See support’s message below.
disputes-show-rows =
    { $rows ->
        [one] Show the row
       *[other] Show the { $rows } rows
    }
disputes-messages = Messages
disputes-from-support = Support
disputes-from-you = You
# $names are names of files, with commas between them.
disputes-message-files = with { $names }
disputes-message-another = Another message
disputes-message-placeholder = Write to support
disputes-message-sent = Sent to support.
disputes-message-waits = It waits in the outbox for the cloud.
disputes-withdraw = Withdraw dispute
disputes-message-send = Send message
