//! `ETag` of rows and files: another one for other dealers, another question, another language, and after another pass. Who
//! has the same is answered 304, and the report's own query does not run.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use shared::clock;
use shared::report::definition::Definition;
use shared::report::filter::Filter;
use shared::report::run::{Arrived, Freshness};
use shared::words::{Text, age};

use crate::auth::bearer::Caller;
use crate::error::AppError;
use crate::state::App;
use crate::web::tag;

/// What has arrived of a report, and what of it an answer of this moment would be.
pub struct Stand {
    pub freshness: Freshness,
    pub arrived: Arrived,
    /// None while a first load goes on: rows come long before the pass that ends it.
    tag: Option<String>,
}

impl Stand {
    /// `form`: what the answer depends on besides the filter.
    pub async fn of(
        app: &App,
        caller: &Caller,
        (report, filter): (&Definition, &Filter),
        form: &[&str],
    ) -> Result<Self, AppError> {
        // An answer names its dealers.
        let named = ["dealers".to_owned()];
        let asking = async { tokio::try_join!(app.engine.arrived(&report.datasets), app.engine.arrived(&named)) };
        let ((freshness, arrived), (_, dealers)) = app.ask(asking).await?;
        let mut hash = Sha256::new();
        let mut add = |word: &str| {
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word);
        };
        // A report of another release or site makes another answer.
        add(&format!("{report:?}"));
        add(&format!("{filter:?}"));
        add(caller.language.code());
        // As the answer says it: also whether that is late.
        let text = Text::of(caller.language);
        add(&age::as_of(text, freshness, clock::now(), app.engine.timezone()));
        add(&freshness.as_of.map(|as_of| as_of.to_rfc3339()).unwrap_or_default());
        for dealer in caller.scope.dealers() {
            add(&dealer.to_string());
        }
        for word in form {
            add(word);
        }
        arrived.add_to(&mut hash);
        dealers.add_to(&mut hash);
        let digest = hash.finalize();
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { freshness, tag: (arrived.is_whole() && dealers.is_whole()).then_some(hex), arrived })
    }

    /// 304, if the caller has this answer already.
    pub fn unchanged(&self, headers: &HeaderMap) -> Option<Response> {
        let own = self.tag.as_deref()?;
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        let same = known.flat_map(|line| line.split(',')).map(str::trim).find(|known| tag::is_same(known, own))?;
        let mut answer = StatusCode::NOT_MODIFIED.into_response();
        // The very tag that the caller keeps: of a packed answer, see `web::tag`.
        let strong = same.strip_prefix("W/").unwrap_or(same);
        self.mark(answer.headers_mut(), if same == "*" { None } else { Some(strong) });
        Some(answer)
    }

    /// Says on an answer how it may be kept.
    pub fn kept(&self, mut answer: Response) -> Response {
        self.mark(answer.headers_mut(), None);
        answer
    }

    fn mark(&self, headers: &mut HeaderMap, tag: Option<&str>) {
        let Some(own) = &self.tag else { return };
        let tag = tag.map_or_else(|| format!("\"{own}\""), str::to_owned);
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
    }
}
