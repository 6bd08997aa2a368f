-- What these dealers ordered, a row per line, with the names as they are now. What has not arrived yet keeps its rows, with empty
-- names.
CREATE OR REPLACE VIEW report.order_line DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    o.dealer_id AS dealer_id,
    o.ordered_on AS ordered_on,
    o.order_id AS order_id,
    o.line_no AS line_no,
    o.number AS number,
    o.dealer_number AS dealer_number,
    o.state AS state,
    if(o.ship_line_on IS NULL, o.ship_on, o.ship_line_on) AS ship_on,
    o.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.article AS product_article,
    p.folded AS product_folded,
    p.unit AS product_unit,
    p.parent_id AS product_group_id,
    o.warehouse_id AS warehouse_id,
    w.name AS warehouse_name,
    o.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    o.quantity AS quantity,
    o.price AS price,
    o.amount AS amount,
    o.amount - o.vat AS amount_net,
    o.vat AS vat,
    o.discount AS discount,
    o.is_cancelled AS is_cancelled,
    r.name AS cancel_reason
FROM dw.order_line AS o FINAL
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
) AS p ON p.product_id = o.product_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = o.currency_id
LEFT ANY JOIN dw.warehouse AS w FINAL ON w.warehouse_id = o.warehouse_id
LEFT ANY JOIN dw.cancel_reason AS r FINAL ON r.cancel_reason_id = o.cancel_reason_id
WHERE o.dealer_id IN {dealers:Array(UUID)}
