-- The products that these dealers bought, with the names they have now.
CREATE OR REPLACE VIEW report.product DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    p.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.article AS product_article,
    u.name AS product_unit
FROM dw.product AS p FINAL
LEFT ANY JOIN dw.unit AS u FINAL ON u.unit_id = p.unit_id
WHERE p.product_id IN (SELECT product_id FROM dw.sale FINAL WHERE dealer_id IN {dealers:Array(UUID)})
