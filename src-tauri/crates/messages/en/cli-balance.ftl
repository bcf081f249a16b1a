# The command line: the balance and how far it can be trusted. `boothkeeper balance` reads no other file of messages.
# $when is a time with its zone.

# After the balance, and alone on a line below other figures.
cli-balance-live = live, verified as of { $when }
cli-balance-cached = as of { $when }
# $reason is one of shared-reason.
cli-balance-cached-because = as of { $when }, { $reason }
cli-balance-stale = as of { $when }, not connected; it may have changed since
cli-balance-stale-because = as of { $when }, { $reason }; it may have changed since
cli-balance-unknown = unknown
cli-balance-imported = IMPORTED, unverified; reaches to { $when }
# The command between backticks is not translated.
cli-balance-damaged = DAMAGED: last proven { $when }; run `boothkeeper sync` while online
cli-balance-diverged = DIVERGED: last proven { $when }; the cloud has something else

cli-balance-never-synced = No balance yet: this copy has never been synced.
# Beside a pending amount.
cli-balance-pending-since = pending since { $when }

## family cli-balance-bucket

# At most 12 characters, before an amount.
cli-balance-bucket-allowance = allowance
cli-balance-bucket-bonus = bonus
cli-balance-bucket-purchased = purchased

## family cli-balance-pending-kind

# At most 13 characters, before an amount.
cli-balance-pending-kind-purchase = purchase
cli-balance-pending-kind-auto_recharge = auto-recharge
cli-balance-pending-kind-coupon_bonus = coupon bonus
