-- Units of measure.
CREATE TABLE IF NOT EXISTS dw.unit
(
    unit_id     UUID,
    code        String,
    name        String,
    version     UInt64,
    is_deleted  UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY unit_id
SETTINGS non_replicated_deduplication_window = 1000
