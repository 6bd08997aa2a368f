-- Partners of the infobase that are clients.
CREATE TABLE IF NOT EXISTS dw.dealer
(
    dealer_id   UUID,
    code        String,
    name        String,
    version     UInt64,
    is_deleted  UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY dealer_id
SETTINGS non_replicated_deduplication_window = 1000
