-- What brands are called. Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.brand DEFINER = owner SQL SECURITY DEFINER AS
SELECT brand_id, name AS brand_name
FROM dw.brand FINAL
