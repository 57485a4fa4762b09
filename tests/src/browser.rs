//! A real browser: headless Chromium, led by its driver.

use base64::Engine as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use thirtyfour::{
    By, ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, TypingData, WebDriver, WebElement,
};

use crate::server::free_port;

/// Longest wait for something to appear on a page.
const PATIENCE: Duration = Duration::from_secs(20);
/// What axe-core calls bad enough.
const SERIOUS: [&str; 2] = ["serious", "critical"];

/// A browser of a test's own, closed when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    chromedriver: Child,
    base: String,
}

impl Browser {
    /// Opens one that likes a language, for the server at `base`.
    pub async fn open(base: &str, language: &str) -> anyhow::Result<Self> {
        Self::open_with(base, language, &[]).await
    }

    /// Opens one that keeps what it knows in a folder, for the next one that is opened with it.
    pub async fn open_kept(base: &str, language: &str, folder: &Path) -> anyhow::Result<Self> {
        Self::open_with(base, language, &[format!("--user-data-dir={}", folder.display())]).await
    }

    async fn open_with(base: &str, language: &str, arguments: &[String]) -> anyhow::Result<Self> {
        let port = free_port()?;
        let chromedriver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("failed to start chromedriver")?;
        let mut chrome = DesiredCapabilities::chrome();
        // Containers have no user namespaces and little shared memory.
        for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"] {
            chrome.add_arg(argument)?;
        }
        chrome.add_arg(&format!("--accept-lang={language}"))?;
        for argument in arguments {
            chrome.add_arg(argument)?;
        }
        chrome.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
        chrome.set_logging_prefs("browser", LoggingPrefsLogLevel::All)?;
        let (begin, address) = (Instant::now(), format!("http://127.0.0.1:{port}"));
        let driver = loop {
            match WebDriver::new(&address, chrome.clone()).await {
                Ok(driver) => break driver,
                Err(error) => ensure!(begin.elapsed() < PATIENCE, "no session with chromedriver: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Ok(Self { driver, chromedriver, base: base.to_owned() })
    }

    /// The driver itself.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Goes to a page.
    pub async fn go(&self, path: &str) -> anyhow::Result<()> {
        Ok(self.driver.goto(format!("{}{path}", self.base)).await?)
    }

    /// Becomes one of the trial network's people and waits for the page that they start at.
    pub async fn sign_in(&self, person: &str, page: &str) -> anyhow::Result<()> {
        self.go("/signin").await?;
        self.find(&format!("button[name=person][value={person}]")).await?.click().await?;
        self.wait(&format!("location.pathname === '{page}' && 'ready' in document.documentElement.dataset")).await
    }

    /// An element that is there.
    pub async fn find(&self, css: &str) -> anyhow::Result<WebElement> {
        self.driver.find(By::Css(css)).await.with_context(|| css.to_owned())
    }

    /// What a JavaScript expression is.
    pub async fn value(&self, expression: &str) -> anyhow::Result<Value> {
        let found = self.driver.execute(format!("return ({expression});"), Vec::new()).await;
        Ok(found.with_context(|| expression.to_owned())?.json().clone())
    }

    /// Waits until a JavaScript expression is true.
    pub async fn wait(&self, expression: &str) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            // While a page goes, there may be none to ask.
            let value = self.value(expression).await.unwrap_or_default();
            if value == true {
                return Ok(());
            }
            ensure!(
                begin.elapsed() < PATIENCE,
                "never so: {expression}\n{}",
                self.value("document.body.innerText").await.unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Types keys where the focus is.
    pub async fn keys(&self, keys: impl Into<TypingData>) -> anyhow::Result<()> {
        Ok(self.driver.active_element().await?.send_keys(keys).await?)
    }

    /// Types with Shift held.
    pub async fn with_shift(&self, key: char) -> anyhow::Result<()> {
        use thirtyfour::Key;
        let chain = self.driver.action_chain().key_down(Key::Shift).send_keys(key.to_string()).key_up(Key::Shift);
        Ok(chain.perform().await?)
    }

    /// One of the protocol that developers' tools speak.
    pub async fn command(&self, name: &str, parameters: Value) -> anyhow::Result<Value> {
        self.driver.cdp().send_raw(name, parameters).await.with_context(|| name.to_owned())
    }

    /// A dark or light screen.
    pub async fn dark(&self, is: bool) -> anyhow::Result<()> {
        let value = if is { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.command("Emulation.setEmulatedMedia", features).await.map(drop)
    }

    /// A screen so many points wide and high.
    pub async fn size(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.command("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
    }

    /// Keeps a picture of the whole page among the test's output: `browser/NAME.png` in the target directory.
    pub async fn picture(&self, name: &str) -> anyhow::Result<()> {
        let folder = pictures()?;
        let shot =
            self.command("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true})).await?;
        let base64 = shot["data"].as_str().context("a picture")?;
        let png = base64::engine::general_purpose::STANDARD.decode(base64)?;
        Ok(std::fs::write(folder.join(format!("{name}.png")), png)?)
    }

    /// Has axe-core look at the page (WCAG 2.2 AA): it finds nothing serious, and nothing is wider than the screen.
    pub async fn check(&self, what: &str) -> anyhow::Result<()> {
        let wide = self.value("document.documentElement.scrollWidth - document.documentElement.clientWidth").await?;
        ensure!(wide.as_i64().is_some_and(|wide| wide <= 0), "{what}: the page is {wide} points too wide");
        let Some(axe) = std::env::var_os("VERIDOSE_AXE") else {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("SKIPPED: VERIDOSE_AXE names no axe-core");
            }
            return Ok(());
        };
        let axe = std::fs::read_to_string(axe)?;
        self.driver.execute(axe, Vec::new()).await?;
        let run = "const done = arguments[arguments.length - 1]; \
                   axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}) \
                      .then((found) => done(found), (error) => done({failed: String(error)}));";
        let found = self.driver.execute_async(run, Vec::new()).await?.json().clone();
        let passes = found["passes"].as_array().map_or(0, Vec::len);
        ensure!(passes > 10, "{what}: axe-core did not look: {found}");
        let violations = found["violations"].as_array().into_iter().flatten();
        let bad: Vec<String> = violations
            .filter(|violation| SERIOUS.iter().any(|impact| violation["impact"] == *impact))
            .map(|violation| format!("{}: {}", violation["id"], violation["nodes"]))
            .collect();
        ensure!(bad.is_empty(), "{what}: {}", bad.join("\n"));
        Ok(())
    }

    /// Every address that was asked for since the last call, by pages and their worker alike; none is on another host.
    pub async fn stayed_home(&self) -> anyhow::Result<usize> {
        let mut asked = 0;
        for entry in self.driver.get_log("performance").await? {
            let message: Value = serde_json::from_str(&entry.message)?;
            let message = &message["message"];
            if message["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let url = message["params"]["request"]["url"].as_str().unwrap_or_default();
            let is_own = url.starts_with(&format!("{}/", self.base)) || url.starts_with("data:");
            ensure!(is_own, "a request left the host: {url}");
            asked += 1;
        }
        Ok(asked)
    }

    /// What the browser complains of: scripts that fail, what the policy forbids.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.driver.get_log("browser").await?;
        let severe = entries.into_iter().filter(|entry| entry.level == "SEVERE");
        // That an answer was a refusal is no fault of a page.
        Ok(severe.map(|entry| entry.message).filter(|said| !said.contains("Failed to load resource")).collect())
    }

    /// Closes it.
    pub async fn close(self) -> anyhow::Result<()> {
        let driver = self.driver.clone();
        Ok(driver.quit().await?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closed properly it is closed already; else it goes with its driver, whose session nobody need wait for.
        let _ = self.driver.clone().leak();
        let _ = Command::new("kill").arg(self.chromedriver.id().to_string()).status();
        let _ = self.chromedriver.wait();
    }
}

fn pictures() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test.ancestors().nth(3).context("a test executable lies in target/PROFILE/deps")?;
    let folder = target.join("browser");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
