-- title: How many rows come from verified files
-- question: How much of the CloudTrail that answers rest on is proven to be what CloudTrail delivered?
-- sources: cloudtrail, log_verdicts
-- trap: Only CloudTrail signs what it delivers; S3 access logs, CloudFront logs and Config items have no such proof.
-- trap: "not verified yet" means that `coldtrail verify` has not looked at the file since it was collected, or that it is no file as CloudTrail delivers them.
-- next: evidence/log_problems
-- next: evidence/digest_problems
select
  c.account,
  c.region,
  coalesce(l.verdict, 'not verified yet') as verdict,
  count(*) as rows,
  count(distinct c.evidence_object) as files,
  min(c.event_time) as first_time,
  max(c.event_time) as last_time
from cloudtrail c
left join log_verdicts l on l.evidence_object = c.evidence_object
group by c.account, c.region, coalesce(l.verdict, 'not verified yet')
order by c.account nulls first, c.region nulls first, verdict
