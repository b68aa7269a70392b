-- The table as it is.
select * from lake.digest_verdicts
