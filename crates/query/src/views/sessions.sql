-- The table as it is.
select * from lake.sessions
