-- Cron slots of the extractor: one row is one run, whoever takes it. A dataset is read by one pass at a time,
-- so two jobs over the same dataset (the rolling window and the nightly pass) never run together.
CREATE TABLE slot (
    job         text        NOT NULL,
    slot_at     timestamptz NOT NULL,
    dataset     text        NOT NULL,
    state       text        NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'running', 'done', 'missed', 'parked')),
    attempt     int         NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT now(),
    owner       text,
    lease_until timestamptz,
    started_at  timestamptz,
    finished_at timestamptz,
    reason      text,
    PRIMARY KEY (job, slot_at)
);
CREATE UNIQUE INDEX slot_one_running ON slot (dataset) WHERE state = 'running';
CREATE INDEX slot_queued ON slot (slot_at) WHERE state = 'queued';

-- Numbers passes, and with that versions: a later pass always wins. Never taken from a clock.
CREATE SEQUENCE pass_number AS bigint MAXVALUE 4294967295;

-- What earlier passes took. Every write of a pass says "WHERE dataset AND pass": a pass that lost its lease changes nothing.
CREATE TABLE progress (
    dataset     text        PRIMARY KEY,
    pass        bigint      NOT NULL,
    claimed_at  timestamptz NOT NULL,
    -- The first load: everything dated before loaded_to has been sent. Wall clock of the infobase.
    loaded_to   timestamp,
    is_loaded   boolean     NOT NULL DEFAULT false,
    -- The last pass whose marker the broker has acknowledged.
    done_pass   bigint,
    done_at     timestamptz
);
