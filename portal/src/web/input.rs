//! `Query`, `Form`, `Json` and `Path` whose rejections are `AppError`. Nothing else of the portal takes axum's own.

use std::fmt;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{StatusCode, request::Parts};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::error::AppError;

/// The query string as `T`. Take `Query<Vec<(String, String)>>` to see doubled keys.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// An urlencoded body as `T`.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

/// A body of JSON as `T`.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);
/// Every field of a form, in its order: for one whose fields may stand several times.
#[derive(Debug, Clone)]
pub struct Pairs(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a form")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = fields.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Parts of the path as `T`; a part that does not fit names nothing, so it is 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        #[expect(clippy::disallowed_types, reason = "this is the one door to it")]
        let parsed = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        parsed.map(|query| Self(query.0)).map_err(|rejection| AppError::Malformed(rejection.body_text()))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let parsed = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        parsed.map(|path| Self(path.0)).map_err(|_| AppError::NotFound)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        let parsed = axum::Json::<T>::from_request(request, state).await;
        parsed.map(|body| Self(body.0)).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
            _ => AppError::Malformed(rejection.body_text()),
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self, AppError> {
        #[expect(clippy::disallowed_types, reason = "this is the one door to it")]
        let parsed = axum::extract::Form::<T>::from_request(request, state).await;
        parsed.map(|form| Self(form.0)).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
            _ => AppError::Malformed(rejection.body_text()),
        })
    }
}
