-- A pass that brought nothing leaves the rows as they were, and every answer that is kept of them: its marker has the version of the
-- one before.
ALTER TABLE dw.pass
    ADD COLUMN IF NOT EXISTS rows_version UInt64
    COMMENT 'of the last message of rows before the marker; 0: the extractor does not say'
