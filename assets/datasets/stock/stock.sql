-- What is on hand, by product and warehouse, as of the last reading that has arrived whole. Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.stock DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    s.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.article AS product_article,
    p.folded AS product_folded,
    p.unit AS product_unit,
    p.parent_id AS product_group_id,
    s.warehouse_id AS warehouse_id,
    w.name AS warehouse_name,
    s.on_hand AS on_hand,
    s.to_ship AS to_ship,
    s.on_hand - s.to_ship AS free
FROM dw.stock_now AS s
LEFT ANY JOIN
(
    SELECT
        product.product_id AS product_id,
        product.name AS name,
        product.code AS code,
        product.article AS article,
        product.folded AS folded,
        product.parent_id AS parent_id,
        unit.name AS unit
    FROM dw.product AS product FINAL
    LEFT ANY JOIN dw.unit AS unit FINAL ON unit.unit_id = product.unit_id
) AS p ON p.product_id = s.product_id
LEFT ANY JOIN dw.warehouse AS w FINAL ON w.warehouse_id = s.warehouse_id
