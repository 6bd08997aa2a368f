-- What was sent is compared with what stands in the warehouse. Null: sent by a release before this one, compared by lines only.
ALTER TABLE sent
    -- Of its message: pass number in the high 32 bits. Null, too, where nothing had to be sent.
    ADD COLUMN version bigint,
    -- Revenue of its lines in ten-thousandths, wrapping.
    ADD COLUMN amount  bigint,
    -- xxHash64 of key, version, lines and amount, as the warehouse makes it of the rows.
    ADD COLUMN hash    bigint;
