-- Under the names that AWS's Athena examples use.
select * from s3_access
