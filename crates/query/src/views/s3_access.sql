-- Athena's name for the time of the request.
select {columns}, event_time as requestdatetime from lake.s3_access
