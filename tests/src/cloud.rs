//! Runs the real cloud binary on loopback and calls its HTTP interface and sandbox controls.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::process::{Pipes, Process, binary};

pub struct Cloud {
    process: Process,
    pub url: String,
    data: PathBuf,
    arguments: Vec<String>,
    http: reqwest::Client,
}

/// An account at the cloud, and an access key to it.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub key: String,
}

impl Cloud {
    /// Starts a sandbox cloud whose clock stands still at `clock`, or follows the wall clock if `None`.
    pub fn start(data: &Path, clock: Option<&str>) -> anyhow::Result<Self> {
        let mut arguments = vec!["--sandbox".to_owned(), "--seed".into(), "7".into()];
        if let Some(clock) = clock {
            arguments.extend(["--clock".to_owned(), clock.to_owned()]);
        }
        Self::start_with(data, arguments, "127.0.0.1:0")
    }

    fn start_with(data: &Path, arguments: Vec<String>, listen: &str) -> anyhow::Result<Self> {
        let pipes = Pipes {
            stdout: true,
            loud: true,
            ..Pipes::default()
        };
        let mut process = Process::start(
            Command::new(binary("boothkeeper-cloud"))
                .arg("serve")
                .args(["--listen", listen])
                .arg("--data")
                .arg(data)
                .args(&arguments),
            pipes,
        )?;
        let stdout = process.child().stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)
            .with_context(|| format!("the cloud did not start, its first line was {line:?}"))?;
        let url = ready["listening"].as_str().context("no address")?;
        // Installs the TLS provider: `reqwest` needs one even for loopback.
        boothkeeper_sync::transport::Transport::http()?;
        Ok(Cloud {
            process,
            url: url.to_owned(),
            data: data.to_owned(),
            arguments,
            http: reqwest::Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .build()?,
        })
    }

    /// Starts a sandbox cloud on the wall clock, seeded with the demo account.
    pub fn seeded(data: &Path, arguments: &[&str]) -> anyhow::Result<(Self, Account)> {
        let seeded = Command::new(binary("boothkeeper-cloud"))
            .arg("seed")
            .arg("--data")
            .arg(data)
            .args(arguments)
            .output()?;
        ensure!(seeded.status.success(), "seed failed: {seeded:?}");
        let seeded: Value = serde_json::from_slice(&seeded.stdout)?;
        let account = Account {
            id: text(&seeded, "account")?,
            key: text(&seeded, "access_key")?,
        };
        Ok((Self::start(data, None)?, account))
    }

    /// Starts a cloud seeded with the demo account, but without sandbox controls, as a self-hosted cloud runs.
    pub fn seeded_real(data: &Path) -> anyhow::Result<(Self, Account)> {
        let (mut cloud, account) = Self::seeded(data, &[])?;
        cloud.stop();
        Ok((Self::start_with(data, vec![], "127.0.0.1:0")?, account))
    }

    /// Starts a cloud as it is self-hosted: on the wall clock, without sandbox controls.
    pub fn real(data: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        Self::start_with(data, arguments.collect(), "127.0.0.1:0")
    }

    pub fn pid(&mut self) -> u32 {
        self.process.child().id()
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn stop(&mut self) {
        self.process.terminate();
    }

    /// Kills the cloud and starts it again on the same address and data, with `more` arguments.
    pub fn restart(&mut self, more: &[&str]) -> anyhow::Result<()> {
        self.process.kill();
        let listen = self.url.trim_start_matches("http://").to_owned();
        let mut arguments = self.arguments.clone();
        arguments.extend(more.iter().map(|s| (*s).to_owned()));
        let again = Self::start_with(&self.data, arguments, &listen)?;
        self.process = again.process;
        Ok(())
    }

    /// Kills the cloud and starts it again with its clock at `instant`. Fails if it was started without a fixed clock.
    pub fn restart_at(&mut self, instant: &str) -> anyhow::Result<()> {
        let clock = self
            .arguments
            .iter()
            .position(|argument| argument == "--clock");
        let at = clock.context("no fixed clock")? + 1;
        self.arguments[at] = instant.to_owned();
        self.restart(&[])
    }

    /// Opens a Booth account on the Basic plan whose card approves every charge. The balance is in minor units.
    pub async fn booth(&self, opening_balance: i64) -> anyhow::Result<Account> {
        self.account(json!({
            "email": "operator@booth.example", "catalog": "booth", "plan": "basic", "cycle": "monthly",
            "opening_balance": opening_balance, "card": { "exp_month": 12, "exp_year": 2030 },
        }))
        .await
    }

    pub async fn account(&self, request: Value) -> anyhow::Result<Account> {
        let answer = self.post("/sandbox/accounts", request).await?;
        Ok(Account {
            id: text(&answer, "account")?,
            key: text(&answer, "access_key")?,
        })
    }

    pub async fn runs(
        &self,
        account: &Account,
        service: &str,
        count: u32,
    ) -> anyhow::Result<Value> {
        let path = format!("/sandbox/accounts/{}/runs", account.id);
        let request = json!({ "service": service, "event": "Miller wedding", "count": count });
        self.post(&path, request).await
    }

    pub async fn buy(
        &self,
        account: &Account,
        amount: i64,
        delivery: Value,
    ) -> anyhow::Result<Value> {
        let path = format!("/sandbox/accounts/{}/purchases", account.id);
        let request = json!({ "amount": amount, "delivery": delivery });
        self.post(&path, request).await
    }

    pub async fn advance(&self, seconds: u32) -> anyhow::Result<Value> {
        self.post("/sandbox/clock", json!({ "advance_seconds": seconds }))
            .await
    }

    pub async fn advance_to(&self, instant: &str) -> anyhow::Result<Value> {
        self.post("/sandbox/clock", json!({ "advance_to": instant }))
            .await
    }

    /// Calls one of an account's sandbox controls.
    pub async fn control(
        &self,
        account: &Account,
        control: &str,
        request: Value,
    ) -> anyhow::Result<Value> {
        let path = format!("/sandbox/accounts/{}/{control}", account.id);
        self.post(&path, request).await
    }

    /// Replaces the account's card by one that answers charges as `behaviour` says and expires in 2060.
    pub async fn card(&self, account: &Account, behaviour: &str) -> anyhow::Result<()> {
        let path = format!("/sandbox/accounts/{}/card", account.id);
        let card = json!({ "exp_month": 12, "exp_year": 2060, "behaviour": behaviour });
        let (status, answer) = self.call(reqwest::Method::PUT, &path, "", &card).await?;
        ensure!(status == 200, "card: {status} {answer}");
        Ok(())
    }

    /// Sends a command as a laptop would; returns the HTTP status and the answer.
    pub async fn command(&self, account: &Account, body: &Value) -> anyhow::Result<(u16, Value)> {
        let path = format!("/v1/commands/{}", uuid::Uuid::now_v7());
        self.call(reqwest::Method::PUT, &path, &account.key, body)
            .await
    }

    pub async fn fault(&self, route: &str, count: u32, fault: Value) -> anyhow::Result<()> {
        let request = json!({ "faults": [{ "route": route, "count": count, "fault": fault }] });
        let url = format!("{}/sandbox/faults", self.url);
        let response = self.http.put(url).json(&request).send().await?;
        ensure!(
            response.status().is_success(),
            "faults: {}",
            response.status()
        );
        Ok(())
    }

    /// The account's balance at the cloud, in minor units.
    pub async fn balance(&self, account: &Account) -> anyhow::Result<i64> {
        let (status, view) = self.get("/v1/account", &account.key).await?;
        ensure!(status == 200, "account: {status} {view}");
        view["balance"].as_i64().context("no balance")
    }

    pub async fn get(&self, path: &str, key: &str) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let response = self.http.get(url).bearer_auth(key).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or(Value::Null)))
    }

    /// The body that a path serves. Fails on an error status.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let response = self.http.get(format!("{}{path}", self.url)).send().await?;
        ensure!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        Ok(response.bytes().await?.to_vec())
    }

    /// Sends any call with a body; returns the HTTP status and the document, `Null` if it is not JSON.
    pub async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}{path}", self.url);
        let request = self.http.request(method, url).bearer_auth(key).json(body);
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or(Value::Null)))
    }

    pub async fn post(&self, path: &str, request: Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.url);
        let response = self.http.post(url).json(&request).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        ensure!(status.is_success(), "{path}: {status} {answer}");
        Ok(answer)
    }
}

fn text(document: &Value, name: &str) -> anyhow::Result<String> {
    let value = document[name].as_str();
    Ok(value.with_context(|| format!("no {name}"))?.to_owned())
}
