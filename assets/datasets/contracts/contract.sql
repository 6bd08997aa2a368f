-- Which contracts do these dealers have, and what may they owe under each?
CREATE OR REPLACE VIEW report.contract DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    t.dealer_id AS dealer_id,
    t.contract_id AS contract_id,
    t.name AS contract_name,
    t.number AS number,
    t.signed_on AS signed_on,
    t.state AS state,
    t.legal_entity_id AS legal_entity_id,
    l.name AS legal_entity_name,
    t.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    t.payment_days AS payment_days,
    t.credit_limit AS credit_limit
FROM dw.contract AS t FINAL
LEFT ANY JOIN dw.legal_entity AS l FINAL ON l.legal_entity_id = t.legal_entity_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = t.currency_id
WHERE t.dealer_id IN {dealers:Array(UUID)}
