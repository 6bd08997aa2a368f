-- The last batch of each Kafka partition, recorded before it is inserted ('before') and after ('after'), so that a
-- crash in between repeats exactly that range under the same token. writer_epoch fences a loader that lost the partition.
CREATE TABLE batch (
    topic        text   NOT NULL,
    partition    int    NOT NULL,
    writer_epoch bigint NOT NULL DEFAULT 0,
    min_offset   bigint,
    max_offset   bigint,
    phase        text   CHECK (phase IN ('before', 'after')),
    token        text,
    rows         bigint,
    row_hash     bigint,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);
