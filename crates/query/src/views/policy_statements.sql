-- The table as it is.
select * from lake.policy_statements
