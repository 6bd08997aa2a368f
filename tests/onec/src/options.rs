//! How a stand-in is set up: its base, its addresses, and which habits of real servers it shows.

use std::net::SocketAddr;

use crate::{base::Moment, faults::Fault, generate::Plan};

/// Defaults: a small base, free ports, the habits of a plain Apache publication.
#[derive(Debug, Clone)]
pub struct Options {
    /// OData. Port 0 takes a free one.
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    pub plan: Plan,
    /// Where the infobase is published, without a closing slash.
    pub publication: String,
    pub user: String,
    pub password: String,
    pub habits: Habits,
    /// In force from the first request.
    pub faults: Vec<Fault>,
    /// Further sets, in the language of `schema/ut11.txt`, and their rows: `{"Catalog_X": [{…}]}`.
    pub extra_schema: Option<String>,
    pub extra_rows: Option<String>,
}

/// What differs between real servers.
#[derive(Debug, Clone)]
pub struct Habits {
    /// JSON bodies begin with a byte order mark.
    pub has_bom: bool,
    /// Compresses for readers that accept gzip.
    pub compresses: bool,
    /// Answers `/$count` (else 501).
    pub counts: bool,
    /// Answers `$inlinecount` (else the option is ignored).
    pub counts_inline: bool,
    /// As the guide says: with `$inlinecount`, `$top` and `$skip` are ignored.
    pub inline_count_sends_all: bool,
    /// References that `$select` names bring their navigation links.
    pub links_with_select: bool,
    pub url_limit: UrlLimit,
    pub sessions: Sessions,
}

/// Longest request line that the web server in front takes, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlLimit {
    /// 8190 for all of it, then 414.
    Apache,
    /// 2048 of query, 4096 in all, 260 for a segment; then 404 with a page of IIS.
    Iis,
}

/// Session reuse, as the publication sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// The server reuses by itself and hands out no cookie.
    Automatic,
    /// `IBSession: start` opens one of `pool`; an unknown cookie gives 400, a full pool 406.
    Manual { pool: usize, idle_s: u64 },
}

impl Default for Options {
    fn default() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any,
            admin: any,
            plan: Plan {
                dealers: 12,
                products: 400,
                lines: 20_000,
                years: 3,
                seed: 1,
                canaries: false,
                junk_dates: false,
                now: Moment::now_in_moscow(),
            },
            publication: "/base/ut".into(),
            user: "Обмен".into(),
            password: "Пароль-1С".into(),
            habits: Habits::default(),
            faults: Vec::new(),
            extra_schema: None,
            extra_rows: None,
        }
    }
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            has_bom: false,
            compresses: false,
            counts: true,
            counts_inline: true,
            inline_count_sends_all: false,
            links_with_select: false,
            url_limit: UrlLimit::Apache,
            sessions: Sessions::Automatic,
        }
    }
}
