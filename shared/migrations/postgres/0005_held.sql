-- The brake on deletion: so much of a dataset was missing in 1C at once that nothing was removed. A row for each span that
-- was compared so, until it is compared again without, or until an operator lets it through: `extractor release`.
CREATE TABLE held (
    dataset     text        NOT NULL,
    span        text        NOT NULL,
    -- Documents or items whose rows stand in the warehouse, and how many of them 1C did not show.
    known       bigint      NOT NULL,
    missing     bigint      NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    released_at timestamptz,
    PRIMARY KEY (dataset, span)
);
