-- Under which legal entities do these dealers buy?
CREATE OR REPLACE VIEW report.legal_entity DEFINER = owner SQL SECURITY DEFINER AS
SELECT dealer_id, legal_entity_id, name AS legal_entity_name, full_name, tax_number, tax_reason
FROM dw.legal_entity FINAL
WHERE dealer_id IN {dealers:Array(UUID)}
