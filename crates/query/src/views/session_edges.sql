-- The table as it is.
select * from lake.session_edges
