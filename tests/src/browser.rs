//! Headless Chromium as a person uses it: its own profile per test, widths, themes, languages, no JavaScript; and what
//! a test wants to know of a page: text, axe's findings, bytes over the wire, a picture.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use chromiumoxide::cdp::browser_protocol::browser::{
    BrowserContextId, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetLocaleOverrideParams, SetScriptExecutionDisabledParams,
    SetTimezoneOverrideParams, SetUserAgentOverrideParams,
};
use chromiumoxide::cdp::browser_protocol::fetch::{self, EventRequestPaused, FulfillRequestParams, RequestPattern};
use chromiumoxide::cdp::browser_protocol::input::InsertTextParams;
use chromiumoxide::cdp::browser_protocol::log;
use chromiumoxide::cdp::browser_protocol::network::{
    EmulateNetworkConditionsByRuleParams, EventLoadingFinished, EventRequestWillBeSent, NetworkConditions,
    ResourceType, SetCacheDisabledParams,
};
use chromiumoxide::cdp::browser_protocol::page::Viewport;
use chromiumoxide::cdp::browser_protocol::target::{CreateBrowserContextParams, CreateTargetParams};
use chromiumoxide::cdp::js_protocol::runtime::EventExceptionThrown;
use chromiumoxide::page::ScreenshotParams;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use stack::parts::Parts;
use stack::process::{Launch, Process};

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(15);

/// A browser of one test. Gone with it.
pub struct Browser {
    browser: chromiumoxide::Browser,
    _events: tokio::task::JoinHandle<()>,
    _process: Process,
    folder: tempfile::TempDir,
}

/// What lies between a page and every server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Fine,
    /// Each answer comes so much later.
    Slow(Duration),
    /// No answer comes at all.
    Gone,
}

/// The colour scheme that a page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Browser {
    pub async fn start() -> Self {
        let (parts, folder) = (Parts::locate(), crate::folder());
        let mut process = chromium(&parts, &folder).start().expect("start Chromium");
        let mut address = None;
        let found = process.until_ready(PATIENCE, async |output: &str| {
            let line = output.lines().find_map(|line| line.strip_prefix("DevTools listening on "));
            address = line.map(|line| line.trim().to_owned());
            address.is_some()
        });
        found.await.expect("Chromium starts");
        let connected = chromiumoxide::Browser::connect(address.expect("Chromium's address")).await;
        let (browser, mut handler) = connected.expect("connect to Chromium");
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Self { browser, _events: events, _process: process, folder }
    }

    /// A page for one person: no cookie is shared with the browser's other pages.
    pub async fn page(&self) -> Page {
        let context = self.browser.create_browser_context(CreateBrowserContextParams::default()).await;
        self.page_in(context.expect("a browser context")).await
    }

    /// Another tab of the same person.
    pub async fn tab_beside(&self, page: &Page) -> Page {
        self.page_in(page.context.clone()).await
    }

    async fn page_in(&self, context: BrowserContextId) -> Page {
        let target = CreateTargetParams::builder().url("about:blank").browser_context_id(context.clone()).build();
        let page = self.browser.new_page(target.expect("a page's words")).await.expect("a page");
        let downloads = self.folder.path().join(crate::fresh_name("downloads-"));
        std::fs::create_dir_all(&downloads).expect("a folder for downloads");
        let allow = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .browser_context_id(context.clone())
            .download_path(downloads.display().to_string())
            .build();
        self.browser.execute(allow.expect("words for downloads")).await.expect("allow downloads");
        let traffic = Arc::new(Traffic::default());
        let mut sent = page.event_listener::<EventRequestWillBeSent>().await.expect("requests");
        let mut finished = page.event_listener::<EventLoadingFinished>().await.expect("finished requests");
        let counted = Arc::clone(&traffic);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(_) = sent.next() => { counted.requests.fetch_add(1, Ordering::Relaxed); }
                    Some(event) = finished.next() => {
                        let bytes = event.encoded_data_length.max(0.0) as u64;
                        counted.bytes.fetch_add(bytes, Ordering::Relaxed);
                    }
                    else => return,
                }
            }
        });
        let complaints = complaints(&page).await;
        let page = Page { page, context, traffic, downloads, complaints };
        page.language("ru").await;
        page.width(1280).await;
        page
    }
}

fn chromium(parts: &Parts, folder: &tempfile::TempDir) -> Launch {
    let profile = folder.path().join("profile");
    Launch::new("chromium", parts.chromium(), folder.path().join("chromium.log"))
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"])
        .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--force-color-profile=srgb"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .env("LANG", "C.UTF-8")
        .env("LD_LIBRARY_PATH", parts.chromium_libraries())
        .env("FONTCONFIG_FILE", parts.fonts_conf())
        .env("HOME", folder.path())
        .stop_within(Duration::from_secs(3))
}

/// Collects what the browser complains of: broken policies and errors of scripts, not what a server answered.
async fn complaints(page: &chromiumoxide::Page) -> Arc<Mutex<Vec<String>>> {
    page.execute(log::EnableParams::default()).await.expect("switch the browser's log on");
    let mut entries = page.event_listener::<log::EventEntryAdded>().await.expect("the browser's log");
    let mut thrown = page.event_listener::<EventExceptionThrown>().await.expect("errors of scripts");
    let kept = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&kept);
    tokio::spawn(async move {
        loop {
            let complaint = tokio::select! {
                Some(entry) = entries.next() => match entry.entry.source {
                    log::LogEntrySource::Security | log::LogEntrySource::Violation | log::LogEntrySource::Javascript
                    | log::LogEntrySource::Deprecation => entry.entry.text.clone(),
                    _ => continue,
                },
                Some(thrown) = thrown.next() => format!("{:?}", thrown.exception_details),
                else => return,
            };
            list.lock().expect("the list of complaints").push(complaint);
        }
    });
    kept
}

#[derive(Debug, Default)]
struct Traffic {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// One tab. What it waits for panics after 15 s with the page's text.
pub struct Page {
    page: chromiumoxide::Page,
    context: BrowserContextId,
    traffic: Arc<Traffic>,
    downloads: PathBuf,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Page {
    /// What the browser complained of since the page was made: broken policies, errors of scripts.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().expect("the list of complaints").clone()
    }

    /// chromiumoxide's own page, for what is not here.
    pub fn raw(&self) -> &chromiumoxide::Page {
        &self.page
    }

    pub async fn open(&self, url: &str) {
        self.page.goto(url).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// The address in the bar.
    pub async fn url(&self) -> String {
        self.evaluate("location.href").await
    }

    /// The whole document as it stands now.
    pub async fn html(&self) -> String {
        self.evaluate("document.documentElement.outerHTML").await
    }

    /// The text a person sees in the first element that fits.
    pub async fn text(&self, selector: &str) -> String {
        self.wait_for(selector).await;
        self.evaluate(&format!("document.querySelector({}).innerText", quoted(selector))).await
    }

    pub async fn has(&self, selector: &str) -> bool {
        self.try_evaluate(&format!("!!document.querySelector({})", quoted(selector))).await.unwrap_or(false)
    }

    pub async fn wait_for(&self, selector: &str) {
        self.wait_until(&format!("!!document.querySelector({})", quoted(selector))).await;
    }

    pub async fn wait_gone(&self, selector: &str) {
        self.wait_until(&format!("!document.querySelector({})", quoted(selector))).await;
    }

    /// Waits until the page shows this text somewhere.
    pub async fn wait_for_text(&self, text: &str) {
        self.wait_until(&format!("!!document.body && document.body.innerText.includes({})", quoted(text))).await;
    }

    /// Waits until an expression of JavaScript is true, over navigations too.
    pub async fn wait_until(&self, condition: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.try_evaluate::<bool>(condition).await.unwrap_or(false) {
            if Instant::now() > until {
                let url: Option<String> = self.try_evaluate("location.href").await;
                let text: Option<String> = self.try_evaluate("document.body.innerText").await;
                panic!("not within {PATIENCE:?}: {condition}\nat {url:?} with the text:\n{}", text.unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Clicks with the mouse, once the element is there.
    pub async fn click(&self, selector: &str) {
        self.wait_for(selector).await;
        let element = self.page.find_element(selector).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("click {selector}: {error}"));
    }

    /// Replaces what stands in a field, by the keyboard.
    pub async fn fill(&self, selector: &str, text: &str) {
        self.wait_for(selector).await;
        let clear = format!(
            "{{ const field = document.querySelector({}); field.focus(); field.select?.(); }}",
            quoted(selector)
        );
        let _: Option<serde_json::Value> = self.try_evaluate(&clear).await;
        // As an input method types: chromiumoxide's own keys know no Cyrillic.
        let typed = self.page.execute(InsertTextParams::new(text)).await;
        typed.unwrap_or_else(|error| panic!("type into {selector}: {error}"));
    }

    /// Sets a field that the keyboard does not reach well (dates, lists) and tells the page.
    pub async fn set(&self, selector: &str, value: &str) {
        self.wait_for(selector).await;
        let script = format!(
            "{{ const field = document.querySelector({}); field.value = {}; \
             for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, {{ bubbles: true }})); }}",
            quoted(selector),
            quoted(value)
        );
        let _: Option<serde_json::Value> = self.try_evaluate(&script).await;
    }

    /// Presses a key such as `Tab` or `Enter` where the focus is.
    pub async fn press(&self, key: &str) {
        let element = self.page.find_element(":focus, body").await.expect("something has the focus");
        element.press_key(key).await.unwrap_or_else(|error| panic!("press {key}: {error}"));
    }

    /// Signs in on Keycloak's page, which must be the one that is open.
    pub async fn sign_in(&self, name: &str, password: &str) {
        self.fill("#username", name).await;
        self.fill("#password", password).await;
        self.click("#kc-login").await;
    }

    /// The value of a JavaScript expression.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> T {
        let result = self.page.evaluate(expression).await.unwrap_or_else(|error| panic!("{expression}: {error}"));
        result.into_value().unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// As [`Page::evaluate`], or nothing while a navigation is under way.
    pub async fn try_evaluate<T: DeserializeOwned>(&self, expression: &str) -> Option<T> {
        let asked = tokio::time::timeout(Duration::from_secs(5), self.page.evaluate(expression)).await;
        asked.ok()?.ok()?.into_value().ok()
    }

    /// Sets the window's width in CSS pixels; below 600 it is a phone.
    pub async fn width(&self, pixels: i64) {
        let metrics = SetDeviceMetricsOverrideParams::new(pixels, 800, 1.0, pixels < 600);
        self.page.execute(metrics).await.expect("set the width");
    }

    pub async fn theme(&self, theme: Theme) {
        let value = if theme == Theme::Dark { "dark" } else { "light" };
        let feature = MediaFeature { name: "prefers-color-scheme".into(), value: value.into() };
        self.page.emulate_media_features(vec![feature]).await.expect("set the theme");
    }

    /// Switches the page's own scripts off or on, for the next page that is opened.
    pub async fn javascript(&self, on: bool) {
        self.page.execute(SetScriptExecutionDisabledParams::new(!on)).await.expect("switch JavaScript");
    }

    /// `ru` or `en`: what the browser asks for. The time zone is Moscow's.
    pub async fn language(&self, language: &str) {
        let agent = self.page.user_agent().await.expect("the browser's name");
        let asked = if language == "ru" { "ru-RU,ru" } else { "en-GB,en" };
        let identity = SetUserAgentOverrideParams::builder().user_agent(agent).accept_language(asked).build();
        self.page.execute(identity.expect("words for the language")).await.expect("set the language");
        let locale = SetLocaleOverrideParams::builder().locale(&asked[..5]).build();
        self.page.execute(locale).await.expect("set the locale");
        self.page.execute(SetTimezoneOverrideParams::new("Europe/Moscow")).await.expect("set the time zone");
    }

    /// Forgets nothing and asks the server for everything, or not.
    pub async fn cache(&self, on: bool) {
        self.page.execute(SetCacheDisabledParams::new(!on)).await.expect("switch the cache");
    }

    pub async fn network(&self, network: Network) {
        let latency = if let Network::Slow(latency) = network { latency.as_secs_f64() * 1000.0 } else { 0.0 };
        let of_all = NetworkConditions::new("", latency, -1.0, -1.0);
        let conditions = EmulateNetworkConditionsByRuleParams::new(network == Network::Gone, vec![of_all]);
        self.page.execute(conditions).await.expect("set the network");
    }

    /// Somebody on the way answers whatever a script asks for with a page of his own, until [`Page::let_through`].
    pub async fn answer_instead(&self, status: u16, html: &str) {
        let script = RequestPattern::builder().resource_type(ResourceType::Fetch).build();
        let mut asked = self.page.event_listener::<EventRequestPaused>().await.expect("requests on hold");
        self.page.execute(fetch::EnableParams::builder().pattern(script).build()).await.expect("hold requests");
        let (page, html) = (self.page.clone(), base64::engine::general_purpose::STANDARD.encode(html));
        tokio::spawn(async move {
            while let Some(request) = asked.next().await {
                let answer = FulfillRequestParams::builder()
                    .request_id(request.request_id.clone())
                    .response_code(status)
                    .response_header(fetch::HeaderEntry::new("Content-Type", "text/html"))
                    .body(html.clone())
                    .build();
                let _ = page.execute(answer.expect("words for an answer")).await;
            }
        });
    }

    /// Requests reach their server again.
    pub async fn let_through(&self) {
        self.page.execute(fetch::DisableParams::default()).await.expect("let requests through");
    }

    /// Saves the whole page as `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = screenshots();
        std::fs::create_dir_all(&folder).expect("the folder of screenshots");
        let path = folder.join(format!("{name}.png"));
        // Not chromiumoxide's full page: that forgets the window's width.
        let layout = self.page.layout_metrics().await.expect("the page's size");
        let size = layout.css_content_size;
        let whole = ScreenshotParams::builder()
            .clip(Viewport { x: 0.0, y: 0.0, width: size.width, height: size.height, scale: 1.0 })
            .capture_beyond_viewport(true)
            .build();
        self.page.save_screenshot(whole, &path).await.unwrap_or_else(|error| panic!("picture {name}: {error}"));
        path
    }

    /// What axe-core finds: one line a violation, with the first elements. JavaScript must be on.
    pub async fn axe(&self) -> Vec<String> {
        let source = std::fs::read_to_string(Parts::locate().axe()).expect("axe-core is installed");
        self.page.evaluate(source).await.expect("load axe-core");
        self.evaluate(
            "axe.run().then(found => found.violations.map(v => `${v.impact} ${v.id}: ${v.help} ` + \
             v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')))",
        )
        .await
    }

    /// Requests sent and bytes received (heads included, as compressed) since the page was made or [`Page::forget_traffic`].
    pub fn traffic(&self) -> (u64, u64) {
        (self.traffic.requests.load(Ordering::Relaxed), self.traffic.bytes.load(Ordering::Relaxed))
    }

    pub fn forget_traffic(&self) {
        self.traffic.requests.store(0, Ordering::Relaxed);
        self.traffic.bytes.store(0, Ordering::Relaxed);
    }

    /// The one file that was downloaded: its name and its bytes, once it is whole.
    pub async fn downloaded(&self) -> (String, Vec<u8>) {
        let mut found = None;
        crate::await_true("a downloaded file", PATIENCE, async || {
            let entries = std::fs::read_dir(&self.downloads).into_iter().flatten().flatten();
            found =
                entries.map(|entry| entry.path()).find(|path| path.extension().is_none_or(|kind| kind != "crdownload"));
            found.is_some()
        })
        .await;
        let path = found.expect("a downloaded file");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (name, std::fs::read(&path).expect("read the download"))
    }
}

/// A string as JavaScript writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `target/screenshots`, wherever cargo's target folder is.
fn screenshots() -> PathBuf {
    let own = std::env::current_exe().expect("this program");
    own.ancestors().nth(3).expect("cargo's target folder").join("screenshots")
}
