-- What have these dealers agreed on? Their own agreements; the standard ones are nobody's.
CREATE OR REPLACE VIEW report.agreement DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    a.dealer_id AS dealer_id,
    a.agreement_id AS agreement_id,
    a.name AS agreement_name,
    a.number AS number,
    a.state AS state,
    a.starts_on AS starts_on,
    a.ends_on AS ends_on,
    a.legal_entity_id AS legal_entity_id,
    l.name AS legal_entity_name,
    a.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    a.price_kind_id AS price_kind_id,
    k.name AS price_kind_name
FROM dw.agreement AS a FINAL
LEFT ANY JOIN dw.legal_entity AS l FINAL ON l.legal_entity_id = a.legal_entity_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = a.currency_id
LEFT ANY JOIN dw.price_kind AS k FINAL ON k.price_kind_id = a.price_kind_id
WHERE a.dealer_id IN {dealers:Array(UUID)} AND NOT a.is_standard
