//! The sandbox's controls.

use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use boothkeeper_domain::billing::purchase;
use boothkeeper_domain::{AccountId, Hash, PaymentId, RunId};
use boothkeeper_wire::api::{Appended, PurchaseAnswer, RunRequest};
use boothkeeper_wire::problem::{Problem, ProblemCode};
use boothkeeper_wire::sandbox::{
    AccountAnswer, AccountRequest, CardRequest, ClockAnswer, ClockRequest, FaultsRequest, Outcome,
    PurchaseRequest, RunsRequest,
};

use super::Doc;
use super::operator::on_account;
use crate::cloud::new_access_key;
use crate::ops::open_account;
use crate::store::{AccountRow, Tx};
use crate::{Cloud, Error, server};

/// More runs than this in one call would be a load test.
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
        .route("/sandbox/accounts/{id}/revoke-key", post(revoke_key))
        .route("/sandbox/faults", put(faults))
}

#[utoipa::path(post, path = "/sandbox/accounts", request_body = AccountRequest, responses((status = 200, body = AccountAnswer), (status = 422, body = Problem)))]
pub async fn create_account(
    State(cloud): State<Cloud>,
    Doc(request): Doc<AccountRequest>,
) -> Result<Json<AccountAnswer>, Error> {
    let (access_key, key_hash) = new_access_key()?;
    let now = cloud.clock.now();
    let signed_up = request.signed_up_at.unwrap_or(now).min(now);
    let inner = cloud.clone();
    let (account, appended) = cloud
        .store
        .write(move |tx| {
            let work = open_account(&inner, tx, &key_hash, request, signed_up)?;
            Ok((work.row.account.clone(), work.appended()))
        })
        .await?;
    Ok(Json(AccountAnswer {
        account,
        access_key,
        entries: appended.entries,
        head: appended.head,
    }))
}

/// A fresh access key to the seeded demo account: what "explore with the demo account" asks for.
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

/// Moves time forward; all that is due happens on the way, in order, each at its own instant.
#[utoipa::path(post, path = "/sandbox/clock", request_body = ClockRequest, responses((status = 200, body = ClockAnswer), (status = 409, body = Problem)))]
pub async fn advance(
    State(cloud): State<Cloud>,
    Doc(request): Doc<ClockRequest>,
) -> Result<Json<ClockAnswer>, Error> {
    let to = match (request.advance_to, request.advance_seconds) {
        (Some(to), None) => to,
        (None, Some(seconds)) => cloud.clock.now().plus(i64::from(seconds) * 1000),
        _ => return Err(ProblemCode::Malformed.into()),
    };
    if to < cloud.clock.now() {
        return Err(ProblemCode::ClockBackwards.into());
    }
    server::run_due(&cloud, to).await?;
    cloud.clock.advance_to(to);
    let kept = cloud.clock.now();
    cloud
        .store
        .write(move |tx| tx.set_setting("clock", &kept.millis().to_le_bytes()))
        .await?;
    Ok(Json(ClockAnswer { time: kept }))
}

#[utoipa::path(put, path = "/sandbox/accounts/{id}/card", params(("id" = String, Path)), request_body = CardRequest, responses((status = 200, body = Appended)))]
pub async fn card(
    State(cloud): State<Cloud>,
    Path(id): Path<AccountId>,
    Doc(request): Doc<CardRequest>,
) -> Result<Json<Appended>, Error> {
    let row = find(&cloud, id).await?;
    on_account(&cloud, &row, move |work| {
        work.replace_card(request)?;
        Ok(work.appended())
    })
    .await
    .map(Json)
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/purchases", params(("id" = String, Path)), request_body = PurchaseRequest, responses((status = 200, body = PurchaseAnswer), (status = 422, body = Problem)))]
pub async fn buy(
    State(cloud): State<Cloud>,
    Path(id): Path<AccountId>,
    Doc(request): Doc<PurchaseRequest>,
) -> Result<Json<PurchaseAnswer>, Error> {
    let row = find(&cloud, id).await?;
    on_account(&cloud, &row, move |work| {
        let state = &work.row.state;
        let decision = purchase::start(state, work.catalog, request.amount, work.now)?;
        let payment: PaymentId = match decision.charges.first() {
            Some(charge) => charge.payment.clone(),
            None => return Err(Error::Invariant("a purchase without a charge")),
        };
        work.settle(decision, request.delivery)?;
        let appended = work.appended();
        Ok(PurchaseAnswer {
            payment,
            entries: appended.entries,
            head: appended.head,
        })
    })
    .await
    .map(Json)
}

/// `count` runs, all or none.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/runs", params(("id" = String, Path)), request_body = RunsRequest, responses((status = 200, body = Appended), (status = 422, body = Problem)))]
pub async fn runs(
    State(cloud): State<Cloud>,
    Path(id): Path<AccountId>,
    Doc(request): Doc<RunsRequest>,
) -> Result<Json<Appended>, Error> {
    if !(1..=MAX_RUNS).contains(&request.count) {
        return Err(ProblemCode::Malformed.into());
    }
    let row = find(&cloud, id).await?;
    let inner = cloud.clone();
    on_account(&cloud, &row, move |work| {
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
        Ok(work.appended())
    })
    .await
    .map(Json)
}

#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub struct RefundRequest {
    run: RunId,
}

#[utoipa::path(post, path = "/sandbox/accounts/{id}/refund", params(("id" = String, Path)), request_body = RefundRequest, responses((status = 200, body = Appended), (status = 409, body = Problem)))]
pub async fn refund(
    State(cloud): State<Cloud>,
    Path(id): Path<AccountId>,
    Doc(request): Doc<RefundRequest>,
) -> Result<Json<Appended>, Error> {
    let row = find(&cloud, id).await?;
    on_account(&cloud, &row, move |work| {
        work.refund_run(&request.run)?;
        Ok(work.appended())
    })
    .await
    .map(Json)
}

/// The account's access key stops working.
#[utoipa::path(post, path = "/sandbox/accounts/{id}/revoke-key", params(("id" = String, Path)), responses((status = 200, body = Appended)))]
pub async fn revoke_key(
    State(cloud): State<Cloud>,
    Path(id): Path<AccountId>,
) -> Result<Json<Appended>, Error> {
    let row = find(&cloud, id).await?;
    // A hash that no key is known to have: the account stays, nobody gets in.
    let mut never = [0; 32];
    getrandom::fill(&mut never)?;
    on_account(&cloud, &row, move |work| {
        work.tx.revoke_key(work.row.id, &Hash(never))?;
        Ok(work.appended())
    })
    .await
    .map(Json)
}

#[utoipa::path(put, path = "/sandbox/faults", request_body = FaultsRequest, responses((status = 204)))]
pub async fn faults(
    State(cloud): State<Cloud>,
    Doc(request): Doc<FaultsRequest>,
) -> axum::http::StatusCode {
    cloud.faults.replace(request.faults);
    axum::http::StatusCode::NO_CONTENT
}

async fn find(cloud: &Cloud, account: AccountId) -> Result<AccountRow, Error> {
    cloud.store.read(move |tx| tx.account(&account)).await
}
