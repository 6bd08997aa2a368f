-- The names of these dealers.
CREATE OR REPLACE VIEW report.dealer DEFINER = owner SQL SECURITY DEFINER AS
SELECT dealer_id, code AS dealer_code, name AS dealer_name
FROM dw.dealer FINAL
WHERE dealer_id IN {dealers:Array(UUID)}
