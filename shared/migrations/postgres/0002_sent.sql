-- The ledger: what was sent for each key of 1C, recorded before it is produced.
-- A key may have several rows: the last confirmed state, and every later one whose outcome is not known.
CREATE TABLE sent (
    dataset      text   NOT NULL,
    key          uuid   NOT NULL,
    batch        bigint NOT NULL,
    data_version text   NOT NULL,
    -- Where its rows lie in the warehouse: dealer and day are part of the sorting key there, lines count from 1.
    dealer_id    uuid,
    sold_on      date,
    lines        int    NOT NULL,
    PRIMARY KEY (dataset, key, batch)
);
CREATE INDEX sent_by_day ON sent (dataset, sold_on);

-- Batches that were recorded but not yet acknowledged by the broker. Any batch not listed here is confirmed.
CREATE TABLE sending (
    batch   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset text        NOT NULL,
    pass    bigint      NOT NULL,
    since   timestamptz NOT NULL DEFAULT now()
);

-- Documents and items of 1C that went to the dead letters: not sent again until 1C writes them anew.
CREATE TABLE rejected (
    dataset      text        NOT NULL,
    key          text        NOT NULL,
    data_version text        NOT NULL,
    reason       text        NOT NULL,
    pass         bigint      NOT NULL,
    rejected_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset, key)
);
