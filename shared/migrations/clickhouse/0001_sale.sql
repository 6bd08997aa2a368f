-- A row per line of a sale document. A dealer, a date or a line that a document leaves gets a tombstone
-- (is_deleted = 1) under its former key, in the same message and with the same version.
CREATE TABLE IF NOT EXISTS dw.sale
(
    dealer_id          UUID,
    sold_on            Date32,
    document_id        UUID,
    line_no            UInt32,
    sold_at            DateTime64(0, 'UTC') COMMENT 'wall clock of the infobase, not an instant',
    number             String,
    legal_entity_id    UUID,
    currency_id        UUID,
    product_id         UUID,
    quantity           Decimal(18, 4),
    revenue            Decimal(18, 4) COMMENT 'with VAT, after discounts, in the currency of the document',
    vat                Decimal(18, 4),
    discount           Decimal(18, 4) COMMENT 'manual and automatic together',
    version            UInt64 COMMENT 'pass number in the high 32 bits, position within the pass in the low',
    is_deleted         UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (dealer_id, sold_on, document_id, line_no)
SETTINGS non_replicated_deduplication_window = 1000
