-- The table as it is.
select * from lake.config_attribution
