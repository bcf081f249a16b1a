//! Requests that the cloud refuses, and guests' contacts that it masks in the requests it accepts.

use boothkeeper_tests::booth::{Booth, basic, with};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn guest_contacts_are_masked_in_journal() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let run =
        json!({ "id": "run_1", "service": "sms", "event": "for +1 555 123 4567, jane@x.com" });
    booth
        .cloud
        .call(Method::POST, "/v1/runs", &booth.account.key, &run)
        .await?;
    let adjust = json!({ "amount": 5, "reason": "asked by joe@y.org" });
    booth
        .cloud
        .control(&booth.account, "adjust", adjust)
        .await?;
    booth.laptop.ok(&["sync"])?;
    let history = booth.laptop.ok(&["history", "--limit", "2"])?;
    assert_eq!(history["entries"][1]["event"], "for •••67, •••");
    assert_eq!(history["entries"][0]["reason"], "asked by •••");
    Ok(())
}

#[tokio::test]
async fn invalid_requests_are_refused_with_error_code() -> anyhow::Result<()> {
    let booth = Booth::basic("2026-01-10T08:00:00Z", 1_000).await?;
    let post = |path: String, body: Value| (Method::POST, path, body);
    let of = |control: &str| format!("/sandbox/accounts/{}/{control}", booth.account.id);
    let card = |month: u16, year: u16| json!({ "exp_month": month, "exp_year": year });
    let event = json!({ "name": " ", "starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-02T00:00:00Z" });
    let backwards = json!({ "name": "Gala", "starts_at": "2026-02-02T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z" });
    let later = with(basic(0), json!({ "signed_up_at": "2099-01-01T00:00:00Z" }));
    for (method, path, body) in [
        post("/sandbox/accounts".into(), with(basic(-5), json!({}))),
        post("/sandbox/accounts".into(), later),
        post(
            "/sandbox/accounts".into(),
            with(basic(0), json!({ "email": "" })),
        ),
        post(
            "/sandbox/accounts".into(),
            with(basic(0), json!({ "card": card(13, 2030) })),
        ),
        post(
            "/sandbox/accounts/%F0/adjust".into(),
            json!({ "amount": 1 }),
        ),
        post("/v1/runs/%F0/failed".into(), json!({})),
        post(
            "/sandbox/clock".into(),
            json!({ "advance_to": "9999-12-31T00:00:00Z" }),
        ),
        post(of("adjust"), json!({ "amount": 0 })),
        post(of("compensate"), json!({ "amount": 5, "run": "run_none" })),
        post(of("events"), event),
        post(of("events"), backwards),
        post(of("daily-limit"), json!({ "limit": 100 })),
        (Method::PUT, of("card"), card(0, 2030)),
        (Method::PUT, of("card"), card(1, 0)),
    ] {
        let (status, problem) = booth
            .cloud
            .call(method, &path, &booth.account.key, &body)
            .await?;
        assert!((400..500).contains(&status), "{path} {body}: {status}");
        assert!(problem["code"].is_string(), "{path} {body}: {problem}");
    }
    booth.laptop.ok(&["sync"])?;
    assert_eq!(booth.newest(1)?, ["purchase"]);
    Ok(())
}

#[tokio::test]
async fn sign_up_with_option_its_programme_does_not_offer_is_refused() -> anyhow::Result<()> {
    let studio = json!({
        "email": "studio@booth.example", "catalog": "studio", "plan": "freelancer", "cycle": "monthly",
        "card": { "exp_month": 12, "exp_year": 2060 },
    });
    let booth = Booth::new("2026-01-10T08:00:00Z", studio.clone()).await?;
    let credits = json!({ "payment_order": { "first": "credits", "fallback": false } });
    for (more, why) in [
        (credits, "credits_cannot_pay_fees"),
        (json!({ "auto_recharge": true }), "no_auto_recharge"),
    ] {
        let request = with(studio.clone(), more);
        let (status, problem) = booth
            .cloud
            .call(Method::POST, "/sandbox/accounts", "", &request)
            .await?;
        assert_eq!((status, &problem["code"]), (422, &json!(why)));
    }
    // A daily limit set by support does not lower the limit of a larger plan.
    booth
        .cloud
        .control(&booth.account, "daily-limit", json!({ "limit": 200 }))
        .await?;
    booth
        .cloud
        .runs(&booth.account, "premium_image", 20)
        .await?;
    booth
        .laptop
        .ok(&["plan", "set", "agency", "monthly", "--yes"])?;
    booth
        .cloud
        .runs(&booth.account, "premium_image", 10)
        .await?;
    let more = json!({ "service": "basic_image" });
    let path = format!("/sandbox/accounts/{}/runs", booth.account.id);
    let (_, refused) = booth.cloud.call(Method::POST, &path, "", &more).await?;
    assert_eq!(refused["code"], "daily_limit_reached");

    let low = with(basic(500), json!({ "auto_recharge": true }));
    let booth = Booth::new("2026-01-10T08:00:00Z", low).await?;
    assert_eq!(
        booth.balance()?,
        10_500,
        "auto-recharge is on and the balance was low"
    );
    booth.laptop.ok(&["cancel", "--yes"])?;
    booth.until("2026-02-09T20:00:00Z").await?;
    let again = json!({ "change": "cancel" });
    let (_, quote) = booth
        .cloud
        .call(Method::POST, "/v1/quotes", &booth.account.key, &again)
        .await?;
    assert_eq!(quote["effective_at"], "2026-02-10T08:00:00.000Z");
    Ok(())
}
