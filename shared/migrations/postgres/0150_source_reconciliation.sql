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

-- As before, and this table too.
CREATE OR REPLACE FUNCTION narrow_rights() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal') THEN
        REVOKE ALL ON audit_event, current_grant, live_look, reconciliation, source_reconciliation, misfit FROM portal;
        GRANT SELECT, INSERT ON audit_event TO portal;
        GRANT SELECT ON current_grant, live_look, reconciliation, source_reconciliation TO portal;
        GRANT SELECT, DELETE ON misfit TO portal;
        GRANT EXECUTE ON FUNCTION audit_forget TO portal;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workers') THEN
        REVOKE ALL ON audit_event, dealer_grant, current_grant, may_look, look, live_look FROM workers;
        GRANT SELECT ON current_grant TO workers;
    END IF;
END $$;
SELECT narrow_rights();
