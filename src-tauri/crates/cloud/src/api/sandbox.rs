//! The sandbox's controls: accounts, the clock, cards, deliveries, and what support does.

use axum::extract::State;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use boothkeeper_domain::billing::{purchase, support};
use boothkeeper_domain::privacy::masked;
use boothkeeper_domain::{AccountId, Hash, PaymentId, RunId, Seq};
use boothkeeper_wire::api::{Appended, PurchaseAnswer, RunRequest};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{
    AccountAnswer, AccountRequest, AdjustRequest, CardRequest, ClockAnswer, ClockRequest,
    CompensateRequest, DailyLimitRequest, Delivery, EventRequest, FaultsRequest, LegacyRequest,
    Outcome, PurchaseRequest, RefundRequest, RunsRequest,
};

use super::extract::{JsonBody, PathParams};
use super::operator::on_account;
use crate::cloud::new_access_key;
use crate::ops::{self, Work, open_account};
use crate::store::{AccountRow, Tx};
use crate::{Cloud, Error, due};

/// The latest instant that the clock may be advanced to: billing periods after it could not be represented.
const END_OF_TIME: &str = "9000-01-01T00:00:00Z";
/// The most runs in one call, which is one transaction.
const MAX_RUNS: u32 = 1000;

pub fn router() -> Router<Cloud> {
    Router::new()
        .route("/sandbox/accounts", post(create_account))
        .route("/sandbox/demo", post(demo_key))
        .route("/sandbox/clock", get(clock).post(advance))
        .route("/sandbox/accounts/{id}/card", put(card))
        .route("/sandbox/accounts/{id}/purchases", post(buy))
        .route("/sandbox/accounts/{id}/runs", post(runs))
        .route("/sandbox/accounts/{id}/refund", post(refund))
        .route(
            "/sandbox/accounts/{id}/coupons/{code}/activate",
            post(activate_coupon),
        )
        .route("/sandbox/accounts/{id}/adjust", post(adjust))
        .route("/sandbox/accounts/{id}/compensate", post(compensate))
        .route("/sandbox/accounts/{id}/restore", post(restore))
        .route("/sandbox/accounts/{id}/legacy", post(legacy))
        .route("/sandbox/accounts/{id}/events", post(event))
        .route("/sandbox/accounts/{id}/daily-limit", post(daily_limit))
        .route("/sandbox/accounts/{id}/revoke-key", post(revoke_key))
        .route("/sandbox/faults", put(faults))
}

#[utoipa::path(post, path = "/sandbox/accounts", request_body = AccountRequest, responses((status = 200, body = AccountAnswer), (status = 422, body = Problem)))]
pub async fn create_account(
    State(cloud): State<Cloud>,
    JsonBody(request): JsonBody<AccountRequest>,
) -> Result<Json<AccountAnswer>, Error> {
    let now = cloud.clock.now();
    let signed_up = request.signed_up_at.unwrap_or(now);
    if signed_up > now || !request.is_sound() {
        return Err(ProblemCode::Malformed.into());
    }
    let (access_key, key_hash) = new_access_key()?;
    let inner = cloud.clone();
    let row = cloud
        .store
        .write(move |tx| Ok(open_account(&inner, tx, &key_hash, request, signed_up)?.row))
        .await?;
    // For an account that signed up in the past, all tasks that were due since then run now.
    due::catch_up(&cloud, &row.account, now).await?;
    let row = find(&cloud, row.account).await?;
    cloud.due.notify_one();
    let appended = Appended::between(Seq::ZERO, row.state.seq);
    Ok(Json(AccountAnswer {
        account: row.account,
        access_key,
        entries: appended.entries,
        head: appended.head,
    }))
}

/// The seeded demo account and its access key, for "explore with the demo account".
#[utoipa::path(post, path = "/sandbox/demo", responses((status = 200, body = AccountAnswer), (status = 404, body = Problem)))]
pub async fn demo_key(State(cloud): State<Cloud>) -> Result<Json<AccountAnswer>, Error> {
    let answer = cloud
        .store
        .read(|tx| {
            let demo = Tx::found(tx.setting(crate::seed::DEMO)?)?;
            let demo: crate::seed::Demo = serde_json::from_slice(&demo)?;
            let row = tx.account(&demo.account)?;
            Ok(AccountAnswer {
                account: demo.account,
                access_key: demo.access_key,
                entries: vec![],
                head: row.state.seq,
            })
        })
        .await?;
    Ok(Json(answer))
}

#[utoipa::path(get, path = "/sandbox/clock", responses((status = 200, body = ClockAnswer)))]
pub async fn clock(State(cloud): State<Cloud>) -> Json<ClockAnswer> {
    Json(ClockAnswer {
        time: cloud.clock.now(),
    })
}

/// Advances the clock. All tasks that are due on the way run in order, each at its own instant.
#[utoipa::path(post, path = "/sandbox/clock", request_body = ClockRequest, responses((status = 200, body = ClockAnswer), (status = 409, body = Problem)))]
pub async fn advance(
    State(cloud): State<Cloud>,
    JsonBody(request): JsonBody<ClockRequest>,
) -> Result<Json<ClockAnswer>, Error> {
    let to = match (request.advance_to, request.advance_seconds) {
        (Some(to), None) => to,
        (None, Some(seconds)) => cloud.clock.now().plus(i64::from(seconds) * 1000),
        _ => return Err(ProblemCode::Malformed.into()),
    };
    if to > END_OF_TIME.parse().map_err(|_| ProblemCode::Malformed)? {
        return Err(ProblemCode::Malformed.into());
    }
    if to < cloud.clock.now() {
        return Err(ProblemCode::ClockBackwards.into());
    }
    due::run_due(&cloud, to).await?;
    cloud.clock.advance_to(to);
    let kept = cloud.clock.now();
    cloud
        .store
        .write(move |tx| tx.set_setting("clock", &kept.millis().to_le_bytes()))
        .await?;
    Ok(Json(ClockAnswer { time: kept }))
}

/// Replaces the card on file and orders how it behaves. Pending charges are decided by the new behaviour.
#[utoipa::path(put, path = "/sandbox/accounts/{id}/card", params(("id" = String, Path)), request_body = CardRequest, responses((status = 200, body = Appended)))]
pub async fn card(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<CardRequest>,
) -> Result<Json<Appended>, Error> {
    if !request.is_sound() {
        return Err(ProblemCode::Malformed.into());
    }
    let row = find(&cloud, id).await?;
    let token = cloud.card_token(request.behaviour)?;
    let (behaviour, card) = (request.behaviour, ops::card(request));
    let replace = move |work: &mut Work<'_>| work.replace_card(card, token);
    let (_, appended) = on_account(&cloud, &row, replace).await?;
    let now = cloud.clock.now();
    if let Some(simulator) = &cloud.payments.simulator {
        let account = row.account.clone();
        simulator.decide_pending(account, behaviour, now).await?;
    }
    due::catch_up(&cloud, &row.account, now).await?;
    let head = find(&cloud, row.account).await?.state.seq;
    let first = appended
        .entries
        .first()
        .map_or(head, |first| Seq(first.0 - 1));
    Ok(Json(Appended::between(first, head)))
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/purchases", params(("id" = String, Path)), request_body = PurchaseRequest, responses((status = 200, body = PurchaseAnswer), (status = 422, body = Problem)))]
pub async fn buy(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<PurchaseRequest>,
) -> Result<Json<PurchaseAnswer>, Error> {
    let row = find(&cloud, id).await?;
    let (simulator, delivery) = (cloud.payments.simulator.clone(), request.delivery);
    if simulator.is_none() && delivery != Delivery::Instant {
        return Err(ProblemCode::NotFound.into());
    }
    let start = move |work: &mut Work<'_>| {
        let (state, amount) = (&work.row.state, request.amount);
        let decision = purchase::start(state, work.catalog, amount, work.now)?;
        let charge = decision.charges.first();
        let charge = charge.ok_or(Error::Invariant("a purchase without a charge"))?;
        let payment: PaymentId = charge.payment.clone();
        if let Some(simulator) = simulator {
            simulator.order_delivery(work.tx, &payment, delivery)?;
        }
        work.apply(decision)?;
        Ok(payment)
    };
    let (payment, appended) = on_account(&cloud, &row, start).await?;
    Ok(Json(PurchaseAnswer {
        payment,
        entries: appended.entries,
        head: appended.head,
    }))
}

/// Starts and ends `count` runs, all or none.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/runs", params(("id" = String, Path)), request_body = RunsRequest, responses((status = 200, body = Appended), (status = 422, body = Problem)))]
pub async fn runs(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<RunsRequest>,
) -> Result<Json<Appended>, Error> {
    if !(1..=MAX_RUNS).contains(&request.count) {
        return Err(ProblemCode::Malformed.into());
    }
    let inner = cloud.clone();
    act(&cloud, id, move |work| {
        for _ in 0..request.count {
            let of = format!("{}/{}", work.row.account, work.row.state.seq);
            let run = RunId::new(inner.derived_id("run", &of))?;
            work.start_run(RunRequest {
                id: run.clone(),
                service: request.service.clone(),
                event: request.event.clone(),
                units: 1,
            })?;
            let failure = (request.outcome != Outcome::Succeeded).then_some("timed_out");
            work.end_run(&run, failure)?;
            if request.outcome == Outcome::FailedAndRefunded && !work.is_refunded(&run)? {
                work.refund_run(&run)?;
            }
        }
        Ok(())
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/refund", params(("id" = String, Path)), request_body = RefundRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn refund(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<RefundRequest>,
) -> Result<Json<Appended>, Error> {
    act(&cloud, id, move |work| work.refund_run(&request.run)).await
}

/// Revokes the account's access key.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/revoke-key", params(("id" = String, Path)), responses((status = 200, body = Appended)))]
pub async fn revoke_key(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
) -> Result<Json<Appended>, Error> {
    // A random hash replaces the key's hash: no key has it.
    let mut never = [0; 32];
    getrandom::fill(&mut never)?;
    act(&cloud, id, move |work| {
        work.tx.revoke_key(work.row.id, &Hash(never))
    })
    .await
}

/// Activates the bonus of a redeemed coupon: it becomes spendable.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/coupons/{code}/activate", params(("id" = String, Path), ("code" = String, Path)), responses((status = 200, body = Appended), (status = 422, body = Problem)))]
pub async fn activate_coupon(
    State(cloud): State<Cloud>,
    PathParams((id, code)): PathParams<(AccountId, String)>,
) -> Result<Json<Appended>, Error> {
    act(&cloud, id, move |work| {
        work.apply_rule(|account, catalog, now| {
            support::activate_coupon(account, catalog, &code, now)
        })
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/adjust", params(("id" = String, Path)), request_body = AdjustRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn adjust(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<AdjustRequest>,
) -> Result<Json<Appended>, Error> {
    let (amount, reason) = (request.amount, request.reason.as_deref().map(masked));
    act(&cloud, id, move |work| {
        work.apply_rule(|account, catalog, now| {
            support::adjust(account, catalog, amount, reason, now)
        })
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/compensate", params(("id" = String, Path)), request_body = CompensateRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn compensate(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<CompensateRequest>,
) -> Result<Json<Appended>, Error> {
    let reason = request.reason.as_deref().map(masked);
    let (amount, about) = (request.amount, (request.run, None));
    act(&cloud, id, move |work| {
        if let (Some(run), _) = &about {
            Tx::found(work.tx.run(work.row.id, run)?)?;
        }
        work.apply_rule(|account, catalog, now| {
            support::compensate(account, catalog, amount, about, reason, now)
        })
    })
    .await
}

/// Restores a closed account to the plan without a fee, without its events.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/restore", params(("id" = String, Path)), responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn restore(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
) -> Result<Json<Appended>, Error> {
    act(&cloud, id, |work| work.restore()).await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/legacy", params(("id" = String, Path)), request_body = LegacyRequest, responses((status = 200, body = Appended), (status = 422, body = Problem)))]
pub async fn legacy(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<LegacyRequest>,
) -> Result<Json<Appended>, Error> {
    let product = request.product;
    act(&cloud, id, move |work| {
        work.apply_rule(|account, catalog, now| {
            support::add_legacy(account, catalog, &product, now)
        })
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/events", params(("id" = String, Path)), request_body = EventRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn event(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<EventRequest>,
) -> Result<Json<Appended>, Error> {
    if !request.is_sound() {
        return Err(ProblemCode::Malformed.into());
    }
    let (name, hours) = (masked(&request.name), (request.starts_at, request.ends_at));
    act(&cloud, id, move |work| {
        work.apply_rule(|account, catalog, now| {
            support::schedule_event(account, catalog, name, hours, now)
        })
    })
    .await
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/daily-limit", params(("id" = String, Path)), request_body = DailyLimitRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn daily_limit(
    State(cloud): State<Cloud>,
    PathParams(id): PathParams<AccountId>,
    JsonBody(request): JsonBody<DailyLimitRequest>,
) -> Result<Json<Appended>, Error> {
    let limit = request.limit;
    act(&cloud, id, move |work| {
        work.apply_rule(|account, catalog, now| {
            support::set_daily_limit(account, catalog, limit, now)
        })
    })
    .await
}

/// Runs one of the sandbox's controls on an account and answers with the entries that it appended.
pub(super) async fn act(
    cloud: &Cloud,
    id: AccountId,
    control: impl FnOnce(&mut Work<'_>) -> Result<(), Error> + Send + 'static,
) -> Result<Json<Appended>, Error> {
    let row = find(cloud, id).await?;
    let (_, appended) = on_account(cloud, &row, control).await?;
    Ok(Json(appended))
}

#[utoipa::path(put, path = "/sandbox/faults", request_body = FaultsRequest, responses((status = 204)))]
pub async fn faults(
    State(cloud): State<Cloud>,
    JsonBody(request): JsonBody<FaultsRequest>,
) -> axum::http::StatusCode {
    cloud.faults.replace(request.faults);
    cloud.faults.crash_at(request.crash);
    axum::http::StatusCode::NO_CONTENT
}

async fn find(cloud: &Cloud, account: AccountId) -> Result<AccountRow, Error> {
    cloud.store.read(move |tx| tx.account(&account)).await
}
