-- title: How many rows come from verified files
-- question: How much of the CloudTrail that answers rest on is proven to be what CloudTrail delivered?
-- sources: cloudtrail, log_verdicts, duplicates
-- trap: Only CloudTrail signs what it delivers; S3 access logs, CloudFront logs and Config items have no such proof.
-- trap: A row whose record stands in several files has the verdicts of all of them: it is verified when one of the files is, else contradicted when one is. disputed counts the verified ones of which another copy is contradicted.
-- trap: "not verified yet" means that `coldtrail verify` has not looked at the file since it was collected, or that it is no file as CloudTrail delivers them.
-- next: evidence/log_problems
-- next: evidence/digest_problems
-- next: evidence/same_id_other_content
select
  account,
  region,
  coalesce(verdict, 'not verified yet') as verdict,
  count(*) as rows,
  count(*) filter (where copies > 1) as rows_with_copies,
  count(*) filter (where verdict = 'verified' and worst_verdict = 'contradicted') as disputed,
  count(distinct evidence_object) as files,
  min(event_time) as first_time,
  max(event_time) as last_time
from row_verdicts
group by account, region, coalesce(verdict, 'not verified yet')
order by account nulls first, region nulls first, verdict
