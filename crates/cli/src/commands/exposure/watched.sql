-- Does S3's access log say anything at all of a bucket in a stretch of time?
select count(*) as rows from lake.s3_access
where bucket_name = $bucket and event_time >= $from and event_time <= $to
