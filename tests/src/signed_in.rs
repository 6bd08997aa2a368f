//! A person who has signed in and asks for pages and fragments: the short way, where the sign-in itself is not the point.

use reqwest::{Method, RequestBuilder, StatusCode};

use crate::person::Person;
use crate::test_keycloak::TestUser;

/// What he asks carries his session.
#[derive(Debug, Clone)]
pub struct SignedIn(Person);

impl SignedIn {
    /// Walks `/login`, Keycloak's form and the way back.
    pub async fn to(portal_url: &str, user: &TestUser) -> Self {
        let person = Person::at_address(portal_url);
        let answer = person.sign_in(user, "/").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{} is not signed in: {}", user.name, answer.text);
        Self(person)
    }

    /// A plain GET, as a browser's address bar sends it.
    pub fn page(&self, path: &str) -> RequestBuilder {
        self.0.request(Method::GET, path)
    }

    /// What htmx sends to swap a region of the page at the same path.
    pub fn fragment(&self, path: &str) -> RequestBuilder {
        self.0.htmx(path, path, "partial")
    }
}
