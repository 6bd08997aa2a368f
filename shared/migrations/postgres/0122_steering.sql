-- What the extractors read, and when next, as they say themselves: whoever steers them knows by it what there is to run.
CREATE TABLE cron_job (
    job         text        PRIMARY KEY,        -- as in slot
    dataset     text        NOT NULL,
    reach       text        NOT NULL,           -- usual, everything, audit, nothing
    cron        text        NOT NULL,
    next_at     timestamptz,
    said_at     timestamptz NOT NULL DEFAULT now()
);

-- Datasets whose slots nobody takes until they are resumed.
CREATE TABLE paused (
    dataset     text        PRIMARY KEY,
    paused_by   text        NOT NULL,           -- the name of whoever did
    reason      text        NOT NULL,
    since       timestamptz NOT NULL DEFAULT now()
);

-- What a pass has met so far, kept with its lease.
ALTER TABLE slot
    ADD COLUMN sent     bigint NOT NULL DEFAULT 0,
    ADD COLUMN lines    bigint NOT NULL DEFAULT 0,
    ADD COLUMN skipped  bigint NOT NULL DEFAULT 0,
    ADD COLUMN rejected bigint NOT NULL DEFAULT 0;

-- The document as 1C sent it, to be looked at; null: larger than a megabyte, or of a release before this one. It stands in the topic of
-- dead letters in any case.
ALTER TABLE rejected ADD COLUMN raw bytea;

-- Messages of the topics that the loader could not read, as they stand in the topic of dead letters.
CREATE TABLE misfit (
    topic       text        NOT NULL,
    partition   int         NOT NULL,
    "offset"    bigint      NOT NULL,
    dataset     text        NOT NULL,
    key         text        NOT NULL,
    reason      text        NOT NULL,
    raw         bytea,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, "offset")
);

-- The last comparison of what was sent with what stands in the warehouse: a row for each table and month. Amounts are its total in
-- ten-thousandths, wrapping.
CREATE TABLE reconciliation (
    warehouse_table     text        NOT NULL,
    span                int         NOT NULL,   -- yyyymm; 0: rows without a day
    sent_documents      bigint      NOT NULL,
    sent_lines          bigint      NOT NULL,
    sent_amount         bigint      NOT NULL,
    standing_documents  bigint      NOT NULL,
    standing_lines      bigint      NOT NULL,
    standing_amount     bigint      NOT NULL,
    is_equal            boolean     NOT NULL,
    compared_at         timestamptz NOT NULL DEFAULT now(),
    differed_at         timestamptz,            -- the last time that it was not equal; what was is sent again
    PRIMARY KEY (warehouse_table, span)
);
