-- The last line of the journal when a plan was stored: what was written since, the plan has not seen.
-- Instants cannot tell, as a clock may step back. Of a plan stored before this was kept it is none:
-- anything written makes it stale.
ALTER TABLE run ADD COLUMN journal_at INTEGER NOT NULL DEFAULT 0;
