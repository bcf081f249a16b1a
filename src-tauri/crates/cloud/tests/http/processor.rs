//! A processor written here, outside the cloud, charges an account's card through the cloud's own HTTP interface.

use std::sync::{Arc, Mutex};

use boothkeeper_cloud::processor::{ChargeRequest, Payments, Processor, Reply};
use boothkeeper_domain::account::Card;
use boothkeeper_domain::billing::ChargeOutcome;
use boothkeeper_domain::{PaymentId, Timestamp};
use serde_json::json;

use crate::served::Served;

/// Largest charge in cents; anything above is declined.
const LIMIT: i64 = 6_000;
const OTHER_CARD: &str = "pm_other";

/// A processor that declines charges above [`LIMIT`] and leaves a charge of `hangs` cents pending until it is voided.
#[derive(Default)]
struct Limited {
    hangs: Option<i64>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Limited {
    fn note(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }
}

fn reply<'a, T: Send + 'a>(value: T) -> Reply<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Processor for Limited {
    fn charge(&self, request: ChargeRequest) -> Reply<'_, ChargeOutcome> {
        let (cents, token) = (request.money.amount.minor(), request.token);
        self.note(format!("charge {cents} {}", token.unwrap_or_default()));
        reply(match cents {
            cents if Some(cents) == self.hangs => ChargeOutcome::Pending,
            cents if cents <= LIMIT => ChargeOutcome::Approved,
            _ => ChargeOutcome::Declined("over_limit".into()),
        })
    }

    fn look_up(&self, _: PaymentId, _: Timestamp) -> Reply<'_, ChargeOutcome> {
        self.note("look_up".into());
        reply(ChargeOutcome::Pending)
    }

    fn void(&self, _: PaymentId, _: Timestamp) -> Reply<'_, ChargeOutcome> {
        let tried = self.calls.lock().unwrap().iter().any(|call| call == "void");
        self.note("void".into());
        // The first call of `void` is not confirmed.
        reply(match tried {
            false => ChargeOutcome::Pending,
            true => ChargeOutcome::Declined("voided".into()),
        })
    }

    fn refund(&self, _: PaymentId) -> Reply<'_, ()> {
        self.note("refund".into());
        reply(())
    }

    fn card(&self, token: String) -> Reply<'_, Option<Card>> {
        reply((token == OTHER_CARD).then(|| Card {
            brand: "Amex".into(),
            last4: "0005".into(),
            exp_month: 1,
            exp_year: 2031,
        }))
    }
}

#[tokio::test]
async fn custom_processor_approves_and_declines_charges_by_amount() {
    let limited = Limited::default();
    let calls = limited.calls.clone();
    let served = Served::start(|_| Payments::new(limited)).await;
    let buy = |amount: i64| json!({ "kind": "buy_credits", "amount": amount });
    let (status, answer) = served.command(1, buy(5_000)).await;
    assert_eq!((status, &answer["state"]), (200, &json!("applied")));
    let (status, answer) = served.command(2, buy(7_000)).await;
    assert_eq!((status, &answer["code"]), (422, &json!("card_declined")));
    assert_eq!(served.account().await["balance"], 6_000);

    let card = |token: &str| json!({ "kind": "replace_card", "token": token });
    let (status, answer) = served.command(3, card("tok_visa")).await;
    assert_eq!((status, &answer["code"]), (422, &json!("unknown_card")));
    let (status, answer) = served.command(4, card(OTHER_CARD)).await;
    assert_eq!((status, &answer["state"]), (200, &json!("applied")));
    assert_eq!(served.account().await["card"]["last4"], "0005");
    served.command(5, buy(6_000)).await;
    assert_eq!(served.account().await["balance"], 12_000);
    assert_eq!(
        *calls.lock().unwrap(),
        ["charge 5000 ", "charge 7000 ", "charge 6000 pm_other"],
        "a charge carries the token of the card on file"
    );
}

#[tokio::test]
async fn void_of_a_charge_left_unconfirmed_after_one_day_is_repeated_after_two_days() {
    let limited = Limited {
        hangs: Some(5_000),
        ..Limited::default()
    };
    let calls = limited.calls.clone();
    let served = Served::start(|_| Payments::new(limited)).await;
    let buy = json!({ "kind": "buy_credits", "amount": 5_000 });
    let (status, answer) = served.command(1, buy).await;
    assert_eq!((status, &answer["state"]), (200, &json!("applied")));
    let to = |instant: &str| json!({ "advance_to": instant });
    for (instant, expected, waiting) in [
        ("2026-01-11T07:59:59Z", 1, 1),
        ("2026-01-11T08:00:00Z", 3, 1),
        ("2026-01-12T07:59:59Z", 3, 1),
        ("2026-01-12T08:00:00Z", 5, 0),
        ("2026-02-01T08:00:00Z", 5, 0),
    ] {
        let (status, answer) = served.call("POST", "/sandbox/clock", to(instant)).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(calls.lock().unwrap().len(), expected, "{instant}");
        let pending = served.account().await["pending"].as_array().unwrap().len();
        assert_eq!(pending, waiting, "{instant}");
    }
    assert_eq!(
        *calls.lock().unwrap(),
        ["charge 5000 ", "look_up", "void", "look_up", "void"]
    );
}

#[tokio::test]
async fn sandbox_without_simulator_refuses_card_behaviours_and_deliveries() {
    let limited = Limited::default();
    let calls = limited.calls.clone();
    let served = Served::start(|_| Payments::new(limited)).await;
    let path = format!("/sandbox/accounts/{}/purchases", served.account);
    let lost = json!({ "amount": 5_000, "delivery": "lost" });
    let (status, _) = served.call("POST", &path, lost).await;
    assert_eq!(status, 404);
    let path = format!("/sandbox/accounts/{}/card", served.account);
    let declines = json!({ "exp_month": 12, "exp_year": 2030, "behaviour": "decline" });
    let (status, _) = served.call("PUT", &path, declines).await;
    assert_eq!(status, 404);
    assert!(calls.lock().unwrap().is_empty());
}
