# A dispute in words: the message that the app proposes, and the e-mail to support.
# Amounts, days and times are given as text, already formatted.

## family letter-claim
# The proposed message begins with the sentence of the dispute’s kind; with `.amount` where the amount in question is
# known. $runs counts the disputed runs.

letter-claim-failed_run = A run failed after it was charged, and nothing has come back. Please refund what was charged.
    .amount = { $runs ->
        [one] A run failed after it was charged, and nothing has come back. Please refund { $amount }.
       *[other] { $runs } runs failed after they were charged, and nothing has come back. Please refund { $amount }.
    }
letter-claim-poor_result =
    { $runs ->
        [one] The result of a run could not be used. Please look into it.
       *[other] The results of { $runs } runs could not be used. Please look into it.
    }
letter-claim-purchase_missing = Credits were paid for and have not arrived.
    .amount = Credits were paid for, and { $amount } has not arrived.
letter-claim-unexpected_deduction = Credits were deducted. Please say what for, or give them back.
    .amount = { $amount } was deducted. Please say what for, or give it back.
letter-claim-coupon_bonus_missing = A coupon was accepted, and its bonus has not been activated.
    .amount = A coupon was accepted, and its bonus of { $amount } has not been activated.
letter-claim-allowance_wrong = This month’s allowance is not what the plan grants.
    .amount = This month’s allowance is not what the plan grants: { $amount } is missing.
letter-claim-legacy_mismatch = The monthly credits do not match the products I bought.
letter-claim-plan_change = A change of plan was requested and has not happened.
letter-claim-account_closed = The account was closed and its credits were deleted. Please restore the account and its credits.
    .amount = The account was closed and { $amount } in credits was deleted. Please restore the account and its credits.

## family letter-lead-in
# The beginning of a message that the operator goes on writing.

letter-lead-in-special_pricing = We ask for education or charity pricing. About us:

## The proposed message: sentences that follow, each only where it is known

letter-charged-twice = The card was charged { $amount } for something that was paid already. Please give it back.
letter-about-entry = It is entry { $entry } of { $at }.
# $entries is at least 2; $entry is the number of the first, $at its time.
letter-about-entries = It is about { NUMBER($entries) } entries; the first is entry { $entry } of { $at }.
letter-event = The event was { $event }.
letter-payment = The payment’s number is { $payment }.
letter-code = The coupon’s code is { $code }.
# $products are names, with commas between them.
letter-products = The products are: { $products }.

## The e-mail: names of its lines

letter-line-dispute = Dispute
letter-line-account = Account
letter-line-expected = Expected balance
letter-line-actual = Actual balance
letter-line-noticed = Noticed on
letter-line-days = Days
letter-line-payment = Payment
letter-line-paid = Paid
letter-line-paid-on = Paid on
letter-line-coupon = Coupon
letter-line-plan = Plan
letter-line-products = Products
letter-line-entries = Entries
letter-account = { $account } ({ $email })
# $from and $to are days, $zone is the name of a time zone.
letter-days = { $from } to { $to } ({ $zone })
