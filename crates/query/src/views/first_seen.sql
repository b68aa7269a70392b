-- The table as it is.
select * from lake.first_seen
