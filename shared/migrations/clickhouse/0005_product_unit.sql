-- The unit in which a product's quantities are told: dw.unit; all zeros where 1C names none.
ALTER TABLE dw.product ADD COLUMN IF NOT EXISTS unit_id UUID AFTER name
