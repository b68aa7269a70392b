-- `cloudfront_standard_logs` under the name that the Athena User Guide had until 2023.
select * from cloudfront_standard_logs
