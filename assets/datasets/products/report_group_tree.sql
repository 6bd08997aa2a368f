-- Which groups lie in which? Identifiers only: no names and nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.group_tree DEFINER = owner SQL SECURITY DEFINER AS
SELECT group_id, ancestors FROM dw.group_tree
