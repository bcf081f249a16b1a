# Why the cloud refused an action or did not answer a request.

## family problems

problems-malformed = The cloud could not read the request.
problems-unauthenticated = The access key is missing, wrong or revoked.
problems-not_found = The cloud has nothing with that id.
problems-cross_site = A page of another site may not do that.
problems-method_not_allowed = The cloud does not offer this.
problems-epoch_changed = The cloud’s journal was restored from a backup, so the copy here has to be compared with it.
problems-cursor_ahead = The copy here has entries that the cloud does not have.
problems-fork = The cloud’s journal differs from the copy here.
problems-in_progress = The cloud is still working on it.
problems-account_closed = The account is closed.
problems-already_refunded = The entry has been given back already.
problems-clock_backwards = The sandbox’s time cannot be set back.
problems-run_exists = Another run has this id.
problems-blob_missing = One of its files has not arrived yet; it is sent again.
problems-upload_offset = A part of a file arrived out of order; it is sent again.
problems-quota_reached = The account has reached its limit for this.
problems-request_timeout = The request did not arrive in time.
problems-payload_too_large = The request is too large.
problems-text_too_long = A text is longer than the cloud takes.
problems-command_reused = The id belongs to another action.
problems-unknown_service = There is no such service.
problems-units_out_of_range = A run is charged for 1 to 1,000 units.
problems-insufficient_credits = It costs more than the balance.
problems-daily_limit_reached = Today’s limit is used up.
problems-exceeds_daily_limit = The run costs more than a whole day’s limit.
problems-below_minimum = It is below the least that can be bought.
problems-amount_out_of_range = The amount is out of range.
problems-no_card = There is no card on file.
problems-no_auto_recharge = There is no auto-recharge here.
problems-credits_cannot_pay_fees = Credits cannot pay fees here.
problems-same_plan = The account is on that plan and cycle already.
problems-other_cycle_paid = A period of the other billing cycle has been paid for. Change back to that cycle first; then the change can take effect at the period’s end.
problems-card_declined = The card was declined.
problems-payment_unanswered = The card’s bank did not answer.
problems-payment_pending = Another payment is waiting for its answer.
problems-nothing_due = There is nothing to pay now.
problems-wrong_state = The account’s present state does not allow this.
problems-unknown_coupon = There is no such coupon.
problems-coupon_not_for_plan = The coupon is for another plan or cycle.
problems-coupon_redeemed = The coupon has been redeemed.
problems-unknown_card = The payment processor does not know this card.
problems-unknown_product = There is no such legacy product.
problems-no_new_events = No new events can be scheduled now.
problems-too_late = It reached the cloud too late. If the account has closed, only support can restore it; your history here is the evidence.
problems-unknown_command = This cloud does not know the action; it may be older than this app.
problems-entry_mismatch = An entry it names is not in the cloud’s journal.
problems-file_lost = An attached file is not on this computer any more.
problems-blob_mismatch = A file was changed on its way to the cloud.
problems-unknown_plan = There is no such plan.
problems-too_many_requests = Too many requests were made; try again in a moment.
problems-account_damaged = The cloud’s record of this account is damaged.
problems-internal = Something went wrong at the cloud.
problems-unavailable = The cloud is not available now.
problems-unknown = The cloud gave a reason that this version does not know. Update Boothkeeper.

## With the figures that the cloud sent

# In place of below_minimum where the least amount is known. $minimum is an amount of credits.
problems-minimum = { $minimum } is the least that can be bought.
