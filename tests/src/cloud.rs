//! The real cloud binary, on loopback, with its sandbox controls.

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

/// An account on it.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub key: String,
}

impl Cloud {
    /// A sandbox whose time stands still at `clock`; wall time if `None`.
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
            .with_context(|| format!("the cloud did not start, it said {line:?}"))?;
        let url = ready["listening"].as_str().context("no address")?;
        // Installs the TLS provider that `reqwest` asks for even where it speaks to loopback only.
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

    /// A seeded sandbox with the demo account.
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

    /// The same business on the wall's time, as a self-hosted cloud serves it: without a sandbox.
    pub fn seeded_real(data: &Path) -> anyhow::Result<(Self, Account)> {
        let (mut cloud, account) = Self::seeded(data, &[])?;
        cloud.stop();
        Ok((Self::start_with(data, vec![], "127.0.0.1:0")?, account))
    }

    /// As a self-hosted cloud is served: on the wall's time, without a sandbox.
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

    /// Starts again on the same address and data.
    pub fn restart(&mut self, more: &[&str]) -> anyhow::Result<()> {
        self.process.kill();
        let listen = self.url.trim_start_matches("http://").to_owned();
        let mut arguments = self.arguments.clone();
        arguments.extend(more.iter().map(|s| (*s).to_owned()));
        let again = Self::start_with(&self.data, arguments, &listen)?;
        self.process = again.process;
        Ok(())
    }

    /// The same, when it has become `instant` meanwhile.
    pub fn restart_at(&mut self, instant: &str) -> anyhow::Result<()> {
        let clock = self
            .arguments
            .iter()
            .position(|argument| argument == "--clock");
        let at = clock.context("a clock that stands still")? + 1;
        self.arguments[at] = instant.to_owned();
        self.restart(&[])
    }

    /// A Booth account on Basic with a card that approves.
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

    /// One of an account's sandbox controls.
    pub async fn control(
        &self,
        account: &Account,
        control: &str,
        request: Value,
    ) -> anyhow::Result<Value> {
        let path = format!("/sandbox/accounts/{}/{control}", account.id);
        self.post(&path, request).await
    }

    /// How the account's card behaves from now on; good for long.
    pub async fn card(&self, account: &Account, behaviour: &str) -> anyhow::Result<()> {
        let path = format!("/sandbox/accounts/{}/card", account.id);
        let card = json!({ "exp_month": 12, "exp_year": 2060, "behaviour": behaviour });
        let (status, answer) = self.call(reqwest::Method::PUT, &path, "", &card).await?;
        ensure!(status == 200, "card: {status} {answer}");
        Ok(())
    }

    /// Sends a command as a laptop would: status and answer.
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

    /// The account as the cloud folds it.
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

    /// What a path serves, as it is.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let response = self.http.get(format!("{}{path}", self.url)).send().await?;
        ensure!(
            response.status().is_success(),
            "{path}: {}",
            response.status()
        );
        Ok(response.bytes().await?.to_vec())
    }

    /// Any call with a body: its status and document.
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
