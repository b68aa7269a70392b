-- title: When things were open to the world or to strangers
-- question: Which resources were open to the world or to other accounts, from when to when, and which call opened them?
-- sources: config_items, cloudtrail
-- attack: T1578, T1537
-- parameter: kind text = null
-- parameter: at timestamp = null
-- about kind: only this kind, such as open_security_group, public_bucket, shared_snapshot, role_trusts_stranger
-- about at: only what was open at this instant; null means at any time
-- trap: The times are those of captures: it was opened somewhat before valid_from, and closed somewhat before valid_to.
-- trap: valid_to is null when it is open in the last state that is here; it may have been closed since.
-- trap: Deny statements, service control policies and the account-wide block of public access are not weighed: open here may be closed by them.
-- trap: Accounts of which there is evidence count as one's own; a trusted partner is a stranger.
-- next: config/who_changed
select
  e.valid_from, e.valid_to, e.awsaccountid, e.awsregion, e.resourcetype, e.resourceid, e.resourcename, e.kind, e.detail,
  a.class as opened_class, a.api as opened_by_call, a.actor as opened_by, a.event_time as opened_at,
  e.evidence_object, e.evidence_record, a.event_object, a.event_record
from exposures e
left join config_attribution a
  on a.configurationitemcapturetime = e.valid_from
  and a.evidence_object = e.evidence_object and a.evidence_record = e.evidence_record
where ($kind is null or e.kind = $kind)
  and ($at is null or (e.valid_from <= $at and (e.valid_to is null or e.valid_to > $at)))
order by e.valid_from, e.evidence_object, e.evidence_record, e.kind, e.detail
