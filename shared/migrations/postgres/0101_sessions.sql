-- Who may look at whose rows, who is signed in, and who is on his way there.

CREATE TABLE person (
    subject         text PRIMARY KEY,               -- Keycloak's `sub`
    name            text NOT NULL,
    role            text NOT NULL,                  -- of the last sign-in: dealer, manager, none
    first_seen_at   timestamptz NOT NULL DEFAULT now(),
    signed_in_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dealer_grant (
    subject     text NOT NULL,
    dealer_id   uuid NOT NULL,
    granted_by  text NOT NULL,
    granted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, dealer_id)
);

-- Changed by column, never saved whole: a session that was ended stays ended.
CREATE TABLE session (
    id_hash             bytea PRIMARY KEY,          -- SHA-256 of the cookie: a stolen dump signs nobody in
    subject             text NOT NULL,
    name                text NOT NULL,
    role                text NOT NULL,
    claimed_dealers     uuid[] NOT NULL,            -- of the last ID token
    provider_session    text,                       -- Keycloak's `sid`
    tokens              bytea NOT NULL,             -- refresh and ID token, AES-256-GCM, bound to id_hash
    created_at          timestamptz NOT NULL DEFAULT now(),
    seen_at             timestamptz NOT NULL DEFAULT now(),
    ends_at             timestamptz NOT NULL,
    refresh_after       timestamptz NOT NULL,       -- ask Keycloak again from here on
    claims_until        timestamptz NOT NULL,       -- nobody sees rows by claims older than this while Keycloak answers
    refreshing_until    timestamptz,                -- one refresh at a time: the lease of the request that asks
    revoked_at          timestamptz
);
CREATE INDEX session_by_provider_session ON session (provider_session) WHERE revoked_at IS NULL;
CREATE INDEX session_by_subject ON session (subject) WHERE revoked_at IS NULL;
CREATE INDEX session_by_end ON session (ends_at);

-- One row per tab that is signing in.
CREATE TABLE sign_in_attempt (
    state_hash      bytea PRIMARY KEY,
    browser_hash    bytea NOT NULL,                 -- SHA-256 of the cookie that began it
    secrets         bytea NOT NULL,                 -- nonce and verifier, AES-256-GCM, bound to state_hash
    return_to       text NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz
);
CREATE INDEX sign_in_attempt_by_expiry ON sign_in_attempt (expires_at);

-- Logout tokens of Keycloak that were obeyed: each counts once.
CREATE TABLE used_logout_token (
    jti         text PRIMARY KEY,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX used_logout_token_by_expiry ON used_logout_token (expires_at);
