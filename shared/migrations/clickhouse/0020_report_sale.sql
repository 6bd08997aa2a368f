-- What these dealers bought, a row per line of a sale, with the names of the product as they are now. The names are
-- joined here: measured on 5 M rows (50 dealers, 24 months of one dealer read) it costs 6 ms of 24, less than
-- looking the names up after aggregation through a view that also demands the dealers (12 ms). An unknown product keeps
-- its row, with empty names.
CREATE OR REPLACE VIEW report.sale DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    s.dealer_id AS dealer_id,
    s.sold_on AS sold_on,
    s.document_id AS document_id,
    s.line_no AS line_no,
    s.number AS number,
    s.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.parent_id AS product_group_id,
    s.quantity AS quantity,
    s.revenue AS revenue,
    s.revenue - s.vat AS revenue_net,
    s.vat AS vat,
    s.discount AS discount
FROM dw.sale AS s FINAL
LEFT ANY JOIN dw.product AS p FINAL ON p.product_id = s.product_id
WHERE s.dealer_id IN {dealers:Array(UUID)}
