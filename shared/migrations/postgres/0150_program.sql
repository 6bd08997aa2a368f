-- What programs that asked for files may see: a token is shown and gone, and no session keeps its claims.
CREATE TABLE program (
    subject         text PRIMARY KEY,               -- Keycloak's `sub`
    name            text NOT NULL,                  -- the client's
    role            text NOT NULL,
    claimed_dealers uuid[] NOT NULL,                -- of the youngest token that asked for a file
    claims_until    timestamptz NOT NULL            -- as of a session
);
