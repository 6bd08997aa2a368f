//! What must not be read from a stolen database, and what must not be forged: sealed tokens, form tokens, random names.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, RandomizedNonceKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{constant_time, hkdf, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::config::SecretKey;

/// Keys of different purpose, all from `PORTAL_SECRET_KEY`.
pub struct Sealer {
    seal: RandomizedNonceKey,
    sign: hmac::Key,
    alike: LessSafeKey,
    /// Makes the nonces of `alike`.
    nonce: hmac::Key,
}

/// The key is another, or the text was changed or moved to another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot be unsealed")]
pub struct Broken;

impl Sealer {
    pub fn new(secret: &SecretKey) -> Result<Self, Broken> {
        let derive = |purpose: &'static [u8]| {
            let mut key = [0; 32];
            let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"dealer portal");
            let derived = salt.extract(secret.expose());
            derived
                .expand(&[purpose], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(&mut key))
                .map_err(|_: Unspecified| Broken)?;
            Ok::<_, Broken>(key)
        };
        Ok(Self {
            seal: RandomizedNonceKey::new(&AES_256_GCM, &derive(b"seal")?).map_err(|_| Broken)?,
            sign: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"form token")?),
            alike: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive(b"seal alike")?).map_err(|_| Broken)?),
            nonce: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"nonce alike")?),
        })
    }

    /// Nonce, then ciphertext. `bound_to` names the row: moved to another one, it does not open.
    pub fn seal(&self, value: &impl Serialize, bound_to: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut text = serde_json::to_vec(value).map_err(|_| Broken)?;
        let nonce = self.seal.seal_in_place_append_tag(Aad::from(bound_to), &mut text).map_err(|_| Broken)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    pub fn open<T: DeserializeOwned>(&self, sealed: &[u8], bound_to: &[u8]) -> Result<T, Broken> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = text.to_vec();
        let text = self.seal.open_in_place(nonce, Aad::from(bound_to), &mut text).map_err(|_| Broken)?;
        serde_json::from_slice(text).map_err(|_| Broken)
    }

    /// As `seal`, but the same value in the same place is always sealed to the same bytes: its nonce is made of both.
    pub fn seal_alike(&self, value: &impl Serialize, bound_to: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut text = serde_json::to_vec(value).map_err(|_| Broken)?;
        let mut whole = hmac::Context::with_key(&self.nonce);
        whole.update(&(bound_to.len() as u64).to_be_bytes());
        whole.update(bound_to);
        whole.update(&text);
        let nonce: [u8; NONCE_LEN] =
            whole.sign().as_ref().get(..NONCE_LEN).and_then(|bytes| bytes.try_into().ok()).ok_or(Broken)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        self.alike.seal_in_place_append_tag(unique, Aad::from(bound_to), &mut text).map_err(|_| Broken)?;
        Ok([nonce.as_slice(), &text].concat())
    }

    pub fn open_alike<T: DeserializeOwned>(&self, sealed: &[u8], bound_to: &[u8]) -> Result<T, Broken> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = text.to_vec();
        let text = self.alike.open_in_place(nonce, Aad::from(bound_to), &mut text).map_err(|_| Broken)?;
        serde_json::from_slice(text).map_err(|_| Broken)
    }

    /// The hidden field of a session's POST forms. Derived, so nothing is stored; another session has another.
    pub fn form_token(&self, session_hash: &[u8; 32]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.sign, session_hash))
    }

    pub fn is_form_token(&self, token: &str, session_hash: &[u8; 32]) -> bool {
        constant_time::verify_slices_are_equal(token.as_bytes(), self.form_token(session_hash).as_bytes()).is_ok()
    }
}

/// 256 random bits that name something in a cookie or an address. The database knows its SHA-256 only.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn fresh() -> Result<Self, Broken> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Broken)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// None unless it has the exact shape: junk costs no query.
    pub fn read(text: &str) -> Option<Self> {
        let is_ours = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        is_ours.then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, Sealer, Secret};
    use crate::config::SecretKey;

    #[test]
    fn what_is_sealed_opens_in_its_row_and_with_its_key_only() {
        let (ours, other) =
            (Sealer::new(&SecretKey::new([1; 32])).unwrap(), Sealer::new(&SecretKey::new([2; 32])).unwrap());
        let sealed = ours.seal(&"refresh token", b"row").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"refresh"));
        assert_eq!(ours.open::<String>(&sealed, b"row").unwrap(), "refresh token");
        assert_eq!(ours.open::<String>(&sealed, b"another row"), Err(Broken));
        assert_eq!(other.open::<String>(&sealed, b"row"), Err(Broken));
        assert_eq!(ours.open::<String>(&sealed[..8], b"row"), Err(Broken));
        assert_ne!(sealed, ours.seal(&"refresh token", b"row").unwrap(), "a nonce was used twice");
    }

    #[test]
    fn what_is_sealed_alike_is_the_same_text_and_opens_in_its_place_only() {
        let (ours, other) =
            (Sealer::new(&SecretKey::new([1; 32])).unwrap(), Sealer::new(&SecretKey::new([2; 32])).unwrap());
        let sealed = ours.seal_alike(&"behind this row", b"question").unwrap();
        assert_eq!(sealed, ours.seal_alike(&"behind this row", b"question").unwrap());
        assert_ne!(
            sealed[..12],
            ours.seal_alike(&"behind that row", b"question").unwrap()[..12],
            "a nonce was used twice"
        );
        assert_eq!(ours.open_alike::<String>(&sealed, b"question").unwrap(), "behind this row");
        assert_eq!(ours.open_alike::<String>(&sealed, b"another question"), Err(Broken));
        assert_eq!(other.open_alike::<String>(&sealed, b"question"), Err(Broken));
        assert_eq!(ours.open::<String>(&sealed, b"question"), Err(Broken));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(ours.open_alike::<String>(&changed, b"question"), Err(Broken), "byte {place}");
        }
    }

    #[test]
    fn a_form_token_belongs_to_one_session() {
        let sealer = Sealer::new(&SecretKey::new([1; 32])).unwrap();
        let token = sealer.form_token(&[7; 32]);
        assert!(sealer.is_form_token(&token, &[7; 32]));
        assert!(!sealer.is_form_token(&token, &[8; 32]));
        assert!(!sealer.is_form_token("", &[7; 32]));
    }

    #[test]
    fn ten_thousand_malformed_secrets_are_none_of_ours() {
        let good = Secret::fresh().unwrap();
        assert!(Secret::read(good.expose()).is_some_and(|read| read == good));
        assert!(good != Secret::fresh().unwrap());
        for turn in 0..10_000_usize {
            let mut text = good.expose().to_owned();
            match turn % 4 {
                0 => text.truncate(turn % 43),
                1 => text.push('A'),
                2 => text.replace_range(turn % 43..turn % 43 + 1, ["=", "/", "'", "é"][turn / 4 % 4]),
                _ => text = text.repeat(2 + turn % 50),
            }
            assert!(Secret::read(&text).is_none(), "{text}");
        }
        assert!(Secret::read(&"A".repeat(100_000)).is_none());
    }
}
