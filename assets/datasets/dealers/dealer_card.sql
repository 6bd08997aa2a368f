-- Who looks after these dealers, and where are they? Apart from report.dealer, which is asked for names alone.
CREATE OR REPLACE VIEW report.dealer_card DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    d.dealer_id AS dealer_id,
    d.code AS dealer_code,
    d.name AS dealer_name,
    d.manager_id AS manager_id,
    m.name AS manager_name,
    d.business_region_id AS business_region_id,
    r.name AS business_region_name
FROM dw.dealer AS d FINAL
LEFT ANY JOIN dw.manager AS m FINAL ON m.manager_id = d.manager_id
LEFT ANY JOIN dw.business_region AS r FINAL ON r.business_region_id = d.business_region_id
WHERE d.dealer_id IN {dealers:Array(UUID)}
