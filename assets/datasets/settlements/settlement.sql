-- What do these dealers owe, and what have they paid ahead, by document and due date? Whose a row is, its key says: the keys of these
-- dealers are taken first, so that rows under a key that is unknown, or no dealer's, are shown to nobody.
CREATE OR REPLACE VIEW report.settlement DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    k.dealer_id AS dealer_id,
    k.legal_entity_id AS legal_entity_id,
    l.name AS legal_entity_name,
    t.contract_id AS contract_id,
    t.number AS contract_number,
    t.name AS contract_name,
    k.settlement_object_id AS settlement_object_id,
    k.object_name AS settlement_object_name,
    k.document_id AS document_id,
    k.arose_on AS arose_on,
    k.due_on AS due_on,
    k.currency_id AS currency_id,
    c.code AS currency_code,
    c.name AS currency_name,
    k.debt AS debt,
    k.prepayment AS prepayment
FROM
(
    SELECT
        own.dealer_id AS dealer_id,
        own.legal_entity_id AS legal_entity_id,
        -- A dealer who is settled with without contracts has it with the object, if at all.
        if(own.contract_id = toUUID('00000000-0000-0000-0000-000000000000'), o.contract_id, own.contract_id) AS contract_id,
        o.name AS object_name,
        s.settlement_object_id AS settlement_object_id,
        s.document_id AS document_id,
        s.arose_on AS arose_on,
        s.due_on AS due_on,
        s.currency_id AS currency_id,
        s.debt AS debt,
        s.prepayment AS prepayment
    FROM
    (
        SELECT partner_key_id, dealer_id, legal_entity_id, contract_id
        FROM dw.partner_key FINAL
        WHERE dealer_id IN {dealers:Array(UUID)} AND dealer_id != toUUID('00000000-0000-0000-0000-000000000000')
    ) AS own
    INNER JOIN dw.settlement_now AS s ON s.partner_key_id = own.partner_key_id
    LEFT ANY JOIN dw.settlement_object AS o FINAL ON o.settlement_object_id = s.settlement_object_id
) AS k
LEFT ANY JOIN dw.legal_entity AS l FINAL ON l.legal_entity_id = k.legal_entity_id
LEFT ANY JOIN dw.contract AS t FINAL ON t.contract_id = k.contract_id
LEFT ANY JOIN dw.currency AS c FINAL ON c.currency_id = k.currency_id
