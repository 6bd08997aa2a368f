-- What do things cost these dealers? Prices of the kinds that a dealer's own agreements in force name, and of the standard ones that
-- 1C shows to everybody from outside. A kind that no such agreement names is nobody's to see, and a price of nothing is taken back.
CREATE OR REPLACE VIEW report.price DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    a.dealer_id AS dealer_id,
    r.product_id AS product_id,
    p.name AS product_name,
    p.code AS product_code,
    p.article AS product_article,
    p.folded AS product_folded,
    p.parent_id AS product_group_id,
    r.characteristic_id AS characteristic_id,
    v.name AS characteristic_name,
    r.series_id AS series_id,
    r.price_kind_id AS price_kind_id,
    k.name AS price_kind_name,
    k.includes_vat AS includes_vat,
    if(u.name = '', p.unit, u.name) AS unit,
    r.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    r.price AS price,
    r.set_at AS set_at
FROM
(
    SELECT dealer_id, price_kind_id
    FROM dw.agreement FINAL
    WHERE dealer_id IN {dealers:Array(UUID)} AND NOT is_standard AND state = 'in-force'
        AND (starts_on IS NULL OR starts_on <= today()) AND (ends_on IS NULL OR ends_on >= today())
    UNION DISTINCT
    SELECT arrayJoin({dealers:Array(UUID)}) AS dealer_id, price_kind_id
    FROM dw.agreement FINAL
    WHERE is_standard AND is_open AND state = 'in-force' AND segment_id = toUUID('00000000-0000-0000-0000-000000000000')
        AND (starts_on IS NULL OR starts_on <= today()) AND (ends_on IS NULL OR ends_on >= today())
) AS a
INNER JOIN dw.price_now AS r ON r.price_kind_id = a.price_kind_id
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
) AS p ON p.product_id = r.product_id
LEFT ANY JOIN dw.price_kind AS k FINAL ON k.price_kind_id = r.price_kind_id
LEFT ANY JOIN dw.characteristic AS v FINAL ON v.characteristic_id = r.characteristic_id
LEFT ANY JOIN dw.unit AS u FINAL ON u.unit_id = r.unit_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = r.currency_id
WHERE r.price > 0
