-- Snapshots of virtual tables that were sent, until a later one has arrived. Each lies in a slot of its table, where it replaces what
-- an earlier one left; nobody may write over one that is shown, or that may be shown yet.
CREATE TABLE snapshot (
    dataset   text     NOT NULL,
    pass      bigint   NOT NULL,
    slot      smallint NOT NULL,
    -- Null until everything of it has been sent.
    rows      bigint,
    -- Of all rows in their order.
    hash      bigint,
    -- Its marker may be on its way: from here on it may be shown.
    is_marked boolean  NOT NULL DEFAULT false,
    PRIMARY KEY (dataset, pass)
);
