-- The name that AWS's Athena examples use.
select * from cloudfront
