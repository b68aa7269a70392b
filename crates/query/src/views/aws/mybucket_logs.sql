-- `s3_access_logs` under the name of the S3 User Guide, whose database is s3_access_logs_db.
select * from s3_access_logs
