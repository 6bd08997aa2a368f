//! Session reuse by header and cookie, for publications that set it to manual.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{Answer, Request};
use crate::{odata::error::Refusal, options::Sessions};

/// Open sessions and when each was last used.
#[derive(Debug, Default)]
pub struct Pool(HashMap<String, Instant>);

impl Pool {
    /// The cookie to set, or why the request is refused.
    pub fn admit(&mut self, rules: Sessions, request: &Request, now: Instant) -> Result<Option<String>, Answer> {
        let Sessions::Manual { pool, idle_s } = rules else { return Ok(None) };
        self.0.retain(|_, used| now.duration_since(*used) < Duration::from_secs(idle_s));
        let cookie = request.cookie.split(';').find_map(|part| part.trim().strip_prefix("ibsession="));
        if let Some(id) = cookie {
            let Some(used) = self.0.get_mut(id) else {
                let refusal = Refusal::new(400, 2, "Сеанс не найден или завершен.");
                return Err(Answer::new(400, super::answer::JSON_TEXT, refusal.json()));
            };
            *used = now;
            if request.session == "finish" {
                self.0.remove(id);
            }
            return Ok(None);
        }
        if request.session != "start" {
            return Ok(None);
        }
        if self.0.len() >= pool {
            return Err(super::no_session());
        }
        let id = Uuid::new_v4().to_string();
        self.0.insert(id.clone(), now);
        Ok(Some(format!("ibsession={id}")))
    }
}
