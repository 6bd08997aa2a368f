-- What the manufacturer's staff may do besides reading reports: grants with an end and a reason, and looking as a dealer.

ALTER TABLE dealer_grant
    ADD COLUMN until    timestamptz,                    -- null: until it is taken back
    ADD COLUMN reason   text NOT NULL DEFAULT '';

-- The grants that count at this moment. Whoever asks whose rows a person sees asks here.
CREATE VIEW current_grant AS
SELECT subject, dealer_id FROM dealer_grant WHERE until IS NULL OR until > now();

-- Managers who may look at the portal as one of their dealers. Administrators may anyway.
CREATE TABLE may_look (
    subject     text PRIMARY KEY,
    granted_by  text NOT NULL,                          -- Keycloak's `sub`
    granted_at  timestamptz NOT NULL DEFAULT now()
);

-- A look at the portal as a dealer sees it: read only, of one session, with an end.
CREATE TABLE look (
    id          uuid PRIMARY KEY,
    session     bytea NOT NULL REFERENCES session (id_hash) ON DELETE CASCADE,
    dealer_id   uuid NOT NULL,
    reason      text NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT now(),
    ends_at     timestamptz NOT NULL,
    ended_at    timestamptz
);
-- One at a time.
CREATE UNIQUE INDEX look_of_session ON look (session) WHERE ended_at IS NULL;
-- The look of a session that goes on.
CREATE VIEW live_look AS
SELECT id, session, dealer_id, ends_at FROM look WHERE ended_at IS NULL AND ends_at > now();
