-- What a search looks through: name, code and article, folded as `report::search` in Rust folds what people type. Small
-- letters, ё is е, Cyrillic letters are the Latin ones that look like them, dashes are one, white space is gone. The line
-- between the three keeps a word from reaching over two of them.
ALTER TABLE dw.product ADD COLUMN IF NOT EXISTS folded String MATERIALIZED replaceRegexpAll(
    translateUTF8(lowerUTF8(concat(name, '|', code, '|', article)), 'ёавекмнорстух×‐‑‒–—−', 'eabekmhopctyxx------'),
    '[\\p{Z}\\t-\\r\\x{85}]',
    '')
