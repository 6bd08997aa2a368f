-- What currencies are called. Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.currency DEFINER = owner SQL SECURITY DEFINER AS
SELECT currency_id, code AS currency_code, name AS currency_name
FROM dw.currency FINAL
