//! A page whose scripts are switched off, used by mouse and keyboard alone. [`crate::Page`]'s own ways run JavaScript,
//! which hangs there; these ask the browser for its tree and its boxes.

use std::time::{Duration, Instant};

use chromiumoxide::cdp::browser_protocol::dom::{
    FocusParams, GetBoxModelParams, GetDocumentParams, GetOuterHtmlParams, NodeId, QuerySelectorParams,
    ScrollIntoViewIfNeededParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType, InsertTextParams,
    MouseButton,
};
use chromiumoxide::cdp::browser_protocol::page::{GetNavigationHistoryParams, NavigateParams};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use scraper::{Html, Selector};

use crate::Page;

/// How long a page may take to show what a test waits for.
const PATIENCE: Duration = Duration::from_secs(15);

/// The hands of a person at a page without JavaScript.
pub struct ByHand<'a>(pub &'a Page);

impl ByHand<'_> {
    pub async fn open(&self, url: &str) {
        self.0.raw().execute(NavigateParams::new(url)).await.unwrap_or_else(|error| panic!("open {url}: {error}"));
    }

    /// The address in the bar; empty while one page gives way to the next.
    pub async fn url(&self) -> String {
        let Ok(history) = self.0.raw().execute(GetNavigationHistoryParams::default()).await else {
            return String::new();
        };
        let here = usize::try_from(history.current_index).ok().and_then(|index| history.entries.get(index));
        here.map(|entry| entry.url.clone()).unwrap_or_default()
    }

    /// The document as it stands, or nothing while another one comes.
    pub async fn html(&self) -> String {
        let Some(node) = self.node("html").await else { return String::new() };
        let asked = self.0.raw().execute(GetOuterHtmlParams::builder().node_id(node).build()).await;
        asked.map(|html| html.outer_html.clone()).unwrap_or_default()
    }

    /// The text of each element that fits.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html().await);
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).map(|element| element.text().collect()).collect()
    }

    /// Waits until the document holds this element.
    pub async fn wait_for(&self, selector: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.is_loaded().await || self.node(selector).await.is_none() {
            assert!(Instant::now() < until, "no {selector} at {}:\n{}", self.url().await, self.html().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until the address ends so.
    pub async fn wait_for_url(&self, end: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.url().await.ends_with(end) {
            assert!(Instant::now() < until, "not at {end} but at {}:\n{}", self.url().await, self.html().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Clicks into the middle of the element, once it is there.
    pub async fn click(&self, selector: &str) {
        self.wait_for(selector).await;
        let node = self.node(selector).await.unwrap_or_else(|| panic!("{selector} went away"));
        let page = self.0.raw();
        page.execute(ScrollIntoViewIfNeededParams::builder().node_id(node).build())
            .await
            .unwrap_or_else(|error| panic!("scroll to {selector}: {error}"));
        let asked = page.execute(GetBoxModelParams::builder().node_id(node).build()).await;
        let corners =
            asked.unwrap_or_else(|error| panic!("{selector} has no box: {error}")).model.border.inner().clone();
        let middle = |axis: usize| (corners[axis] + corners[axis + 4]) / 2.0;
        for (kind, count) in [
            (DispatchMouseEventType::MouseMoved, 0),
            (DispatchMouseEventType::MousePressed, 1),
            (DispatchMouseEventType::MouseReleased, 1),
        ] {
            let mut event = DispatchMouseEventParams::new(kind, middle(0), middle(1));
            if count > 0 {
                event.button = Some(MouseButton::Left);
                event.click_count = Some(count);
            }
            page.execute(event).await.unwrap_or_else(|error| panic!("click {selector}: {error}"));
        }
    }

    pub async fn focus(&self, selector: &str) {
        self.wait_for(selector).await;
        let node = self.node(selector).await.unwrap_or_else(|| panic!("{selector} went away"));
        let focused = self.0.raw().execute(FocusParams::builder().node_id(node).build()).await;
        focused.unwrap_or_else(|error| panic!("focus {selector}: {error}"));
    }

    /// Types into a field that is empty.
    pub async fn fill(&self, selector: &str, text: &str) {
        self.focus(selector).await;
        self.0.raw().execute(InsertTextParams::new(text)).await.expect("type");
    }

    /// Presses `Tab`, `Enter`, `ArrowDown` where the focus is.
    pub async fn press(&self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, None),
            "Enter" => (13, Some("\r")),
            "ArrowDown" => (40, None),
            other => panic!("no key {other} here"),
        };
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let mut event = DispatchKeyEventParams::new(kind.clone());
            event.key = Some(key.to_owned());
            event.code = Some(key.to_owned());
            event.windows_virtual_key_code = Some(code);
            event.text = text.filter(|_| kind == DispatchKeyEventType::KeyDown).map(str::to_owned);
            self.0.raw().execute(event).await.unwrap_or_else(|error| panic!("press {key}: {error}"));
        }
    }

    /// Styles are there too: before, boxes stand elsewhere. The debugger may ask this where the page may run nothing.
    async fn is_loaded(&self) -> bool {
        let asked = self.0.raw().execute(EvaluateParams::new("document.readyState === 'complete'"));
        let answer = tokio::time::timeout(Duration::from_secs(2), asked).await;
        matches!(answer, Ok(Ok(answer)) if answer.result.result.value == Some(serde_json::Value::Bool(true)))
    }

    async fn node(&self, selector: &str) -> Option<NodeId> {
        let page = self.0.raw();
        let root = page.execute(GetDocumentParams::builder().depth(0).build()).await.ok()?.root.node_id;
        let found = page.execute(QuerySelectorParams::new(root, selector)).await.ok()?.node_id;
        (*found.inner() != 0).then_some(found)
    }
}
