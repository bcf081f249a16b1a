//! An account with a random history: what happens at the cloud, and what the operator decides.

use std::path::Path;

use boothkeeper_domain::Programme;
use boothkeeper_tests::cloud::{Account, Cloud};
use boothkeeper_tests::laptop::Laptop;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::sentences::Sentences;

pub struct Life {
    pub cloud: Cloud,
    pub account: Account,
    pub laptop: Laptop,
    sentences: Sentences,
    programme: Programme,
    random: StdRng,
}

impl Life {
    /// A new account and a laptop that copies it, in the pseudo-locale.
    pub async fn begin(programme: Programme, seed: u64, folder: &Path) -> anyhow::Result<Self> {
        let mut random = StdRng::seed_from_u64(seed);
        let cloud = Cloud::start(&folder.join("cloud"), Some("2026-01-10T08:00:00Z"))?;
        let account = cloud.account(sign_up(programme, &mut random)).await?;
        let laptop = Laptop::signed_in(&folder.join("laptop"), &cloud, &account)?;
        Ok(Life {
            cloud,
            account,
            laptop: laptop.in_pseudo_locale(),
            sentences: Sentences::of(format!("{programme:?}, seed {seed}")),
            programme,
            random,
        })
    }

    /// Takes `steps` random steps: an event at the cloud, time that passes, or a decision of the operator.
    pub async fn live(&mut self, steps: usize) -> anyhow::Result<()> {
        for _ in 0..steps {
            match self.random.random_range(0..3) {
                0 => self.happens().await?,
                1 => self.wait().await?,
                _ => {
                    if self.random.random_bool(0.2) {
                        self.cloud.fault("/v1/commands", 2, json!("drop")).await?;
                    }
                    self.decides()?;
                }
            }
        }
        // Ends all network faults at the cloud.
        self.cloud.fault("/v1", 0, json!("drop")).await?;
        Ok(())
    }

    /// Runs a command, and checks what it prints.
    pub fn says(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let said = self.laptop.said(arguments)?;
        self.sentences.check(&format!("{arguments:?}"), &said);
        Ok(())
    }

    /// Fails if anything that was printed has a missing value, a message key or untranslated text.
    pub fn assert_whole(self) -> anyhow::Result<()> {
        self.sentences.assert_whole()
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let hours = match self.random.random_range(0..3) {
            0 => self.random.random_range(1..48),
            1 => self.random.random_range(48..24 * 31),
            _ => self.random.random_range(24 * 31..24 * 70),
        };
        self.cloud.advance(hours * 3_600).await?;
        self.says(&["sync"])
    }

    /// Calls a random control of the sandbox, such as runs or a purchase. The cloud may refuse the call.
    async fn happens(&mut self) -> anyhow::Result<()> {
        let random = &mut self.random;
        let amount = random.random_range(1..9_000_i64);
        let service =
            self.programme_of(&["draw_me", "sms", "combine"], &["basic_image_hd", "video"]);
        let random = &mut self.random;
        let event = [
            json!("Miller wedding"),
            json!("Gala"),
            json!(" "),
            json!("\u{200b}"),
            Value::Null,
        ];
        let event = event.choose(random).cloned();
        let (control, body) = match random.random_range(0..14) {
            0..=3 => {
                let outcome = ["succeeded", "failed", "failed_and_refunded"].choose(random);
                let count = random.random_range(1..20);
                (
                    "runs",
                    json!({ "service": service, "event": event, "count": count, "outcome": outcome }),
                )
            }
            4..=5 => {
                let delivery = [
                    json!("instant"),
                    json!({ "delayed_seconds": 90_000 }),
                    json!("lost"),
                    json!({ "duplicated": 2 }),
                ];
                (
                    "purchases",
                    json!({ "amount": amount + 5_000, "delivery": delivery.choose(random) }),
                )
            }
            6 => ("adjust", json!({ "amount": amount - 4_500 })),
            7 => (
                "adjust",
                json!({ "amount": amount - 4_500, "reason": "a test by support" }),
            ),
            8 => (
                "compensate",
                json!({ "amount": amount, "reason": "The booth was offline" }),
            ),
            9 => ("legacy", json!({ "product": "branding_app" })),
            10 => ("restore", json!({})),
            11 => (
                "daily-limit",
                json!({ "limit": random.random_range(1..200) }),
            ),
            12 => ("coupons/Basic2Credits/activate", json!({})),
            _ => {
                let behaviour = ["approve", "decline", "timeout", "requires_action"].choose(random);
                let year = [2026, 2060].choose(random);
                (
                    "card",
                    json!({ "exp_month": 3, "exp_year": year, "behaviour": behaviour }),
                )
            }
        };
        let method = if control == "card" {
            http::Method::PUT
        } else {
            http::Method::POST
        };
        let path = format!("/sandbox/accounts/{}/{control}", self.account.id);
        let (status, answer) = self.cloud.call(method, &path, "", &body).await?;
        anyhow::ensure!(status < 500, "{control} {body}: {status} {answer}");
        if self.random.random_bool(0.1) {
            self.support().await?;
        }
        Ok(())
    }

    /// Support reviews, answers, resolves or rejects the newest dispute, at random.
    async fn support(&mut self) -> anyhow::Result<()> {
        let (_, filed) = self.cloud.get("/sandbox/disputes", "").await?;
        let newest = filed.as_array().and_then(|all| all.last());
        let Some(id) =
            newest.and_then(|filed| filed["ticket"]["id"].as_str().or(filed["id"].as_str()))
        else {
            return Ok(());
        };
        let (act, body) = match self.random.random_range(0..4) {
            0 => ("review", json!({})),
            1 => ("message", json!({ "text": "The booth was offline" })),
            2 => (
                "resolve",
                json!({ "outcome": "refunded", "refund": 25, "note": "a test by support" }),
            ),
            _ => ("reject", json!({ "note": "a test by support" })),
        };
        let path = format!("/sandbox/disputes/{id}/{act}");
        let (status, answer) = self
            .cloud
            .call(http::Method::POST, &path, "", &body)
            .await?;
        anyhow::ensure!(status < 500, "{act}: {status} {answer}");
        Ok(())
    }

    /// Runs a random command of the operator, such as a plan change, a purchase or a new dispute.
    fn decides(&mut self) -> anyhow::Result<()> {
        let plan = self.programme_of(
            &["payg", "basic", "pro"],
            &["legacy", "freelancer", "agency"],
        );
        let random = &mut self.random;
        let cycle = ["monthly", "annual"]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let coupon = ["Basic2Credits", "Pro4Free", "Old9Code"]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let order = ["card-first", "credits-first"]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let payer = ["card", "credits"]
            .choose(random)
            .copied()
            .unwrap_or_default();
        let kind = [
            "purchase_missing",
            "failed_run",
            "poor_result",
            "unexpected_deduction",
            "coupon_bonus_missing",
            "allowance_wrong",
            "legacy_mismatch",
            "plan_change",
            "account_closed",
            "special_pricing",
            "other",
        ];
        let kind = kind.choose(random).copied().unwrap_or_default();
        let what: Vec<&str> = match random.random_range(0..13) {
            0 => vec!["plan", "set", plan, cycle, "--yes"],
            1 => vec!["plan", "set", plan, cycle, "--coupon", coupon, "--yes"],
            2 => vec!["plan", "set", plan, cycle],
            3 => vec!["pause", "--yes"],
            4 => vec!["cancel", "--yes"],
            5 => vec!["resume"],
            6 => vec!["pay-now", "--with", payer, "--yes"],
            7 => vec!["renewal", "set", order],
            8 => vec!["buy", "75", "--yes"],
            9 => vec!["auto-recharge", "on", "--yes"],
            10 => vec!["coupon", coupon],
            11 => vec![
                "dispute",
                "new",
                "--kind",
                kind,
                "--entry",
                "2",
                "--message",
                "The credits are not there",
            ],
            _ => return self.sends_a_draft(),
        };
        self.says(&what)
    }

    /// Picks a random draft or ticket, and sends it, writes a message to it, or withdraws it.
    fn sends_a_draft(&mut self) -> anyhow::Result<()> {
        let ids = self.disputes()?;
        let Some(id) = ids.choose(&mut self.random) else {
            return Ok(());
        };
        match self.random.random_range(0..4) {
            0 => self.says(&["dispute", "message", id, "Please look again"]),
            1 => self.says(&["dispute", "withdraw", id]),
            _ => self.says(&["dispute", "send", id, "--yes"]),
        }
    }

    /// The ids of all dispute drafts and tickets.
    pub fn disputes(&self) -> anyhow::Result<Vec<String>> {
        let (_, listed) = self.laptop.run(&["dispute", "list"])?;
        let rows = listed["disputes"].as_array().cloned().unwrap_or_default();
        let ids = rows.iter().filter_map(|row| row["id"].as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    fn programme_of(&mut self, booth: &[&'static str], studio: &[&'static str]) -> &'static str {
        let offered = match self.programme {
            Programme::Booth => booth,
            Programme::Studio => studio,
        };
        offered
            .choose(&mut self.random)
            .copied()
            .unwrap_or_default()
    }
}

fn sign_up(programme: Programme, random: &mut StdRng) -> Value {
    let (catalog, plans) = match programme {
        Programme::Booth => ("booth", ["payg", "basic", "pro"]),
        Programme::Studio => ("studio", ["legacy", "freelancer", "agency"]),
    };
    let card = json!({ "exp_month": 12, "exp_year": 2060 });
    let legacy: &[&str] = match programme {
        Programme::Booth => &[],
        Programme::Studio => &["branding_app"],
    };
    let payers: &[&str] = match programme {
        Programme::Booth => &["card", "credits"],
        Programme::Studio => &["card"],
    };
    let first = payers.choose(random).copied();
    let plan = plans.choose(random).copied();
    let cycle = ["monthly", "annual"].choose(random).copied();
    let card = [card, Value::Null].choose(random).cloned();
    json!({
        "email": "operator@booth.example",
        "catalog": catalog,
        "plan": plan,
        "cycle": cycle,
        "opening_balance": random.random_range(0..20_000),
        "legacy": legacy,
        "card": card,
        "auto_recharge": random.random_bool(0.3) && programme == Programme::Booth,
        "payment_order": { "first": first, "fallback": random.random_bool(0.5) },
    })
}
