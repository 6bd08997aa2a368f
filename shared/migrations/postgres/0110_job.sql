-- What people ask for and a worker does behind the pages: exports now. One row is one job, whoever takes it.
CREATE TABLE job (
    id                  uuid        PRIMARY KEY,            -- random: it stands in addresses
    kind                text        NOT NULL,               -- export
    subject             text        NOT NULL,               -- who asked: Keycloak's `sub`
    dealers             uuid[]      NOT NULL CHECK (cardinality(dealers) > 0), -- whose rows, as granted when it was asked for
    party               text        NOT NULL,               -- who shares in the limits: the dealer, or the set of several
    request             jsonb       NOT NULL,               -- report, query, format, language, day
    fingerprint         bytea       NOT NULL,               -- of subject, party and request: the same again is the same job
    state               text        NOT NULL DEFAULT 'queued'
                        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    attempt             int         NOT NULL DEFAULT 0,
    not_before          timestamptz NOT NULL DEFAULT now(),
    owner               text,
    lease_until         timestamptz,
    fence               bigint,                             -- drawn by the claim: a write without it changes nothing
    written             bigint      NOT NULL DEFAULT 0,     -- rows of this attempt
    total               bigint,                             -- rows that there will be
    percent             smallint    NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 99), -- the greatest so far, over all attempts
    writing_since       timestamptz,                        -- the first row of this attempt
    file_key            text,                               -- its name in the store; none: not there, or not any more
    file_name           text,
    file_plain_name     text,
    media_type          text,
    file_bytes          bigint,
    expires_at          timestamptz,
    reason              text,                               -- why it failed, or why it is tried again: a code
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz
);
CREATE SEQUENCE job_fence AS bigint;
CREATE UNIQUE INDEX job_same_request ON job (fingerprint) WHERE state IN ('queued', 'running');
CREATE INDEX job_queued ON job (created_at) WHERE state = 'queued';
CREATE INDEX job_of_party ON job (party, created_at);
CREATE INDEX job_of_subject ON job (subject, created_at);
CREATE INDEX job_file ON job (file_key) WHERE file_key IS NOT NULL;
