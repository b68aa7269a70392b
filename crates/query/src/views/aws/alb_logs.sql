-- `alb_access_logs` under the name that the Athena User Guide used before.
select * from alb_access_logs
