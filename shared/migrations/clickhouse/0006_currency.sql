-- Currencies of documents.
CREATE TABLE IF NOT EXISTS dw.currency
(
    currency_id  UUID,
    code         String COMMENT 'numeric ISO 4217 code, as 1C keeps it: 643',
    name         String COMMENT 'what 1C shows: RUB',
    version      UInt64,
    is_deleted   UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY currency_id
SETTINGS non_replicated_deduplication_window = 1000
