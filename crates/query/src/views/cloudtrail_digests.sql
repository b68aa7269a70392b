-- The table as it is.
select * from lake.cloudtrail_digests
