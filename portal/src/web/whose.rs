//! Who asks: extractors tell it to the layer that draws errors, so that an error page still shows the person and the way to
//! sign out.

use std::sync::{Arc, OnceLock};

#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    pub form_token: String,
}

/// Put into the request by `draw_error`, filled when the session is read.
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
