-- The table as it is.
select * from lake.log_verdicts
