-- The académie that the school of a delivery was in when its run began: schools.csv, which tells it,
-- may lose it together with the school.
ALTER TABLE basis ADD COLUMN academy TEXT;
