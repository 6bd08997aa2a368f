-- What 1C says of a dataset's documents against what was sent of them, by month: the last comparison of each. Amounts are the dataset's
-- total in ten-thousandths, wrapping.
CREATE TABLE source_reconciliation (
    dataset           text        NOT NULL,
    span              int         NOT NULL,   -- yyyymm
    source_documents  bigint      NOT NULL,
    source_lines      bigint      NOT NULL,
    source_amount     bigint      NOT NULL,
    sent_documents    bigint      NOT NULL,
    sent_lines        bigint      NOT NULL,
    sent_amount       bigint      NOT NULL,
    is_equal          boolean     NOT NULL,   -- once what differed had been read again
    compared_at       timestamptz NOT NULL DEFAULT now(),
    differed_at       timestamptz,            -- the last time that it was not equal, or was so only after reading again
    PRIMARY KEY (dataset, span)
);
