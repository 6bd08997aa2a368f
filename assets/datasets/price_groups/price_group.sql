-- What price groups are called. Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.price_group DEFINER = owner SQL SECURITY DEFINER AS
SELECT price_group_id, code AS price_group_code, name AS price_group_name
FROM dw.price_group FINAL
