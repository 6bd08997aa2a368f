//! The way out at the foot of each mail. Who holds the token is taken for the recipient, for his mail program may follow it without him.

use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// 244 random bits, as hex digits.
pub struct Token(String);

impl Token {
    pub fn fresh() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    /// What an address brought; none for what was never a token.
    pub fn read(text: &str) -> Option<Self> {
        let is_one = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

/// Ends a delivery for its recipient. Nobody is told whether the token was known: twice is as once.
pub async fn unsubscribe(pool: &PgPool, token: &Token) -> sqlx::Result<()> {
    let ended = sqlx::query!(
        "UPDATE delivery_recipient AS r SET unsubscribed_at = coalesce(unsubscribed_at, now())
         FROM unsubscribe_token t WHERE t.token_hash = $1 AND r.delivery = t.delivery AND r.subject = t.subject",
        &token.hash(),
    );
    ended.execute(pool).await.map(drop)
}
