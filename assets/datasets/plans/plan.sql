-- What were these dealers to buy? Approved plans, a row per record; those of a period add up.
CREATE OR REPLACE VIEW report.plan DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    n.dealer_id AS dealer_id,
    n.planned_on AS planned_on,
    n.scenario_id AS scenario_id,
    n.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.article AS product_article,
    p.folded AS product_folded,
    p.unit AS product_unit,
    p.parent_id AS product_group_id,
    n.characteristic_id AS characteristic_id,
    n.quantity AS quantity
FROM dw.plan_now AS n
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
) AS p ON p.product_id = n.product_id
WHERE n.dealer_id IN {dealers:Array(UUID)} AND n.dealer_id != toUUID('00000000-0000-0000-0000-000000000000') AND n.is_active AND n.state = 'approved'
