-- Catalog items: products and the groups (folders) they lie in.
CREATE TABLE IF NOT EXISTS dw.product
(
    product_id  UUID,
    parent_id   UUID COMMENT 'the group it lies in; all zeros at the top',
    is_group    UInt8,
    code        String,
    article     String,
    name        String,
    version     UInt64,
    is_deleted  UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY product_id
SETTINGS non_replicated_deduplication_window = 1000
