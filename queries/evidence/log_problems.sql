-- title: CloudTrail log files that are not verified
-- question: Which CloudTrail log files are altered, missing, put in by somebody, or covered by no digest?
-- sources: log_verdicts, digest_verdicts
-- attack: T1070, T1565.001
-- parameter: verdict text = null
-- about verdict: contradicted or not checkable; null means both, and what is verified but flagged
-- values verdict: contradicted, not checkable
-- trap: Without a run of `coldtrail verify` this is empty, and that says nothing.
-- trap: A log file that no digest lists is not checkable unless the digests of its hour are verified; then it is contradicted.
-- trap: Rows of a contradicted file are in the tables all the same: join them by evidence_object.
-- next: evidence/rows_by_integrity
-- next: evidence/digest_problems
select
  l.verdict,
  l.state,
  l.account,
  l.region,
  l.delivery_time,
  l.s3object,
  l.reason,
  l.hashvalue as listed_sha256,
  l.sha256 as found_sha256,
  d.digests3object as listed_by,
  l.evidence_object
from log_verdicts l
left join digest_verdicts d on d.evidence_object = l.digest_object
where (l.verdict <> 'verified' or l.flagged) and ($verdict is null or l.verdict = $verdict)
order by l.verdict, l.account nulls first, l.region nulls first, l.delivery_time nulls first, l.s3object, l.evidence_object nulls first
