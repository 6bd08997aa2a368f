-- What these dealers bought and gave back, a row per line of a document, with the names of product, unit and currency as
-- they are now. What has not arrived yet keeps its rows, with empty names. Units are joined to products, which are few.
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
    p.article AS product_article,
    p.folded AS product_folded,
    p.unit AS product_unit,
    p.parent_id AS product_group_id,
    s.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    s.quantity AS quantity,
    s.revenue AS revenue,
    s.revenue - s.vat AS revenue_net,
    s.vat AS vat,
    s.discount AS discount
FROM dw.sale AS s FINAL
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
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = s.currency_id
WHERE s.dealer_id IN {dealers:Array(UUID)}
