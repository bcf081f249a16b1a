# The first screen: signing in, the demo account, and importing a history.

# The break is where a wide window breaks the line.
first-run-promise =
    Know where every
    credit went.
first-run-lead = Your photo booth credits, proven to the cent against the cloud, and readable at venues without a network.
first-run-balance = The balance, the age of it, and how far to trust it: always all three.
first-run-connect-title = Connect your account
first-run-connect-what = Boothkeeper copies your balance and history. It spends nothing unless you tell it to.
first-run-key-title = Use an access key
first-run-key-what = Paste a key from your account settings.
first-run-cloud = Cloud address
first-run-key = Access key
first-run-connect = Connect
first-run-connecting = Connecting…
first-run-demo-title = Explore with the demo account
first-run-demo-what = A year of made-up bookings and credits, on the sandbox cloud.
first-run-show-imported = Show the imported history
first-run-import = Import a usage history
first-run-import-what = From CSV and receipts, without a cloud. Marked as unverified.
first-run-remember = Remember the key
first-run-remember-keychain = In this computer’s keychain
first-run-remember-until-quit = Only until I quit
first-run-kept-in-keychain = The key lives only in this computer’s keychain. You can disconnect at any time in Settings.
first-run-kept-in-memory = The key is kept in memory until you quit, and nowhere else.
