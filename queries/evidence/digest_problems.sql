-- title: CloudTrail digests that are not verified
-- question: Which CloudTrail digests are missing, altered, moved or not checkable, and for which time is there none?
-- sources: digest_verdicts
-- attack: T1562.008, T1070
-- parameter: verdict text = null
-- about verdict: contradicted or not checkable; null means both, and what is verified but flagged
-- values verdict: contradicted, not checkable
-- trap: Without a run of `coldtrail verify` this is empty, and that says nothing.
-- trap: A gap has two innocent reasons (logging or log file validation was switched off) and one that is not; defense_evasion/cloudtrail_tampering tells who switched what.
-- trap: Public keys and signatures are needed: without them digests are not checkable, whatever they are.
-- next: evidence/log_problems
-- next: evidence/rows_by_integrity
-- next: defense_evasion/cloudtrail_tampering
select
  verdict,
  state,
  account,
  region,
  trail,
  digeststarttime,
  digestendtime,
  digests3object,
  reason,
  signed_by,
  evidence_object
from digest_verdicts
where (verdict <> 'verified' or flagged) and ($verdict is null or verdict = $verdict)
order by verdict, account nulls first, region nulls first, digeststarttime nulls first, digests3object nulls first, state,
  evidence_object nulls first
