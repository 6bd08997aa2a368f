//! Which report is asked for, and how: the parts of an address below `/reports/`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::report::definition::Definition;
use shared::report::write::{self, Format};

use crate::auth::viewer::Viewer;
use crate::error::AppError;
use crate::state::App;
use crate::web::input::{Path, Query};

pub struct Asked {
    name: String,
    /// Of the query string, decoded.
    pub pairs: Vec<(String, String)>,
}

impl FromRequestParts<App> for Asked {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let Path(name) = Path::<String>::from_request_parts(parts, app).await?;
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, app).await?;
        Ok(Self { name, pairs })
    }
}

impl Asked {
    /// The report, if this viewer may open it.
    pub fn report<'a>(&self, app: &'a App, viewer: &Viewer) -> Result<&'a Arc<Definition>, AppError> {
        app.engine.catalogue().one_open_to(viewer.role, &self.name).ok_or(AppError::NotFound)
    }

    /// The file that is wanted instead of the page.
    pub fn format(&self) -> Option<&'static Format> {
        self.pairs.iter().find(|(name, _)| name == "format").and_then(|(_, code)| write::format(code.trim()))
    }
}
