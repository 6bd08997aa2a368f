-- Deliveries: a view of a report that goes out by mail at set times, to people of the portal, each his own rows.

-- What a mail must know of a person who is away, as of the last sign-in or refresh of claims.
ALTER TABLE person
    ADD COLUMN email            text,               -- verified by Keycloak; null: none is
    ADD COLUMN language         text,               -- ru, en
    ADD COLUMN claimed_dealers  uuid[],             -- of the last ID token
    ADD COLUMN claims_at        timestamptz;        -- null: never told since this release

CREATE TABLE delivery (
    id              uuid        PRIMARY KEY,
    owner           text        NOT NULL,           -- who made it: Keycloak's `sub`
    title           text        NOT NULL,           -- the owner's; empty: the report's
    report          text        NOT NULL,
    query           text        NOT NULL,           -- the filter as it stands in an address; read anew at each due day
    format          text        NOT NULL,
    rhythm          text        NOT NULL,           -- daily, weekdays, weekly Mon Thu, monthly 31
    at_time         time        NOT NULL,           -- by the clock of the zone
    timezone        text        NOT NULL,           -- IANA
    threshold       jsonb,                          -- null: goes out each time; else only when it is reached, and when that is over
    is_paused       boolean     NOT NULL DEFAULT false,
    next_due_at     timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX delivery_of_owner ON delivery (owner);
CREATE INDEX delivery_due ON delivery (next_due_at) WHERE NOT is_paused;

CREATE TABLE delivery_recipient (
    delivery        uuid        NOT NULL REFERENCES delivery ON DELETE CASCADE,
    subject         text        NOT NULL,
    unsubscribed_at timestamptz,                    -- by himself: the owner cannot undo it
    refusals        int         NOT NULL DEFAULT 0, -- by the mail server, in a row
    stopped_at      timestamptz,                    -- after several of those; resuming the delivery undoes it
    is_alarmed      boolean     NOT NULL DEFAULT false, -- was told that the threshold is reached, and not yet that it is over
    PRIMARY KEY (delivery, subject)
);

-- One row is one mail, whoever sends it. Its id is that of the message: one that is sent again is known as the same.
CREATE TABLE delivery_mail (
    id              uuid        PRIMARY KEY,
    delivery        uuid        NOT NULL,
    subject         text        NOT NULL,
    due_at          timestamptz NOT NULL,
    state           text        NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sending', 'sent', 'quiet', 'failed')), -- quiet: the threshold had nothing new to say
    attempt         int         NOT NULL DEFAULT 0,
    not_before      timestamptz NOT NULL DEFAULT now(),
    lease_until     timestamptz,
    fence           bigint,                         -- drawn by the claim: a write without it changes nothing
    export          uuid,                           -- the job that keeps a file too large to be attached
    reason          text,                           -- why it failed, or is tried again: a code
    finished_at     timestamptz,
    UNIQUE (delivery, due_at, subject),
    FOREIGN KEY (delivery, subject) REFERENCES delivery_recipient ON DELETE CASCADE
);
CREATE INDEX delivery_mail_open ON delivery_mail (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX delivery_mail_of_recipient ON delivery_mail (delivery, subject, due_at);

-- What the link at the foot of each mail knows: a dump of this table unsubscribes nobody.
CREATE TABLE unsubscribe_token (
    token_hash      bytea       PRIMARY KEY,        -- SHA-256
    delivery        uuid        NOT NULL,
    subject         text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (delivery, subject) REFERENCES delivery_recipient ON DELETE CASCADE
);
