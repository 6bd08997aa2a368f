-- What did these dealers pay, or others for them, a row per line of a payment? A payer's lines for another dealer are that dealer's.
CREATE OR REPLACE VIEW report.payment DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    p.dealer_id AS dealer_id,
    p.paid_on AS paid_on,
    p.payment_id AS payment_id,
    p.line_no AS line_no,
    p.number AS number,
    p.payer_number AS payer_number,
    p.cleared_on AS cleared_on,
    p.payer_id AS payer_id,
    l.name AS payer_name,
    p.settlement_object_id AS settlement_object_id,
    o.name AS settlement_object_name,
    p.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    p.amount AS amount,
    p.settlement_currency_id AS settlement_currency_id,
    p.settled AS settled
FROM dw.payment_line AS p FINAL
LEFT ANY JOIN dw.legal_entity AS l FINAL ON l.legal_entity_id = p.payer_id
LEFT ANY JOIN dw.settlement_object AS o FINAL ON o.settlement_object_id = p.settlement_object_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = p.currency_id
WHERE p.dealer_id IN {dealers:Array(UUID)} AND p.dealer_id != toUUID('00000000-0000-0000-0000-000000000000')
