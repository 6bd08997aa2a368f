-- What has arrived, by dataset and Kafka partition: the extractor closes each pass with a marker in every
-- partition, and the loader writes it here after the rows before it. A dataset is as of the smallest read_at.
CREATE TABLE IF NOT EXISTS dw.pass
(
    dataset      LowCardinality(String),
    partition    UInt16,
    partitions   UInt16 COMMENT 'how many partitions the pass wrote its marker to',
    pass         UInt64,
    read_at      DateTime64(3, 'UTC') COMMENT 'when the pass began to read 1C',
    interval_s   UInt32 COMMENT 'usual seconds between passes of this dataset'
)
ENGINE = ReplacingMergeTree(pass)
ORDER BY (dataset, partition)
SETTINGS non_replicated_deduplication_window = 1000
