//! Who asks: extractors tell it to the layers that draw errors and write refusals down, so that an error page still shows the
//! person and the way to sign out.

use std::sync::{Arc, OnceLock};

use crate::audit::Actor;

#[derive(Debug, Clone)]
pub struct Person {
    pub actor: Actor,
    /// Empty for a program.
    pub form_token: String,
}

/// Put into the request by a layer, filled when the session or the token is read.
#[derive(Debug, Clone, Default)]
pub struct Whose(Arc<OnceLock<Person>>);

impl Whose {
    /// The first word counts: a request has one session.
    pub fn is(&self, person: Person) {
        self.0.get_or_init(|| person);
    }

    pub fn person(&self) -> Option<&Person> {
        self.0.get()
    }
}
