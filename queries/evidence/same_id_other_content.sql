-- title: Events with one id and different contents
-- question: Which CloudTrail events have an id that another event of the same account has, too, with other content?
-- sources: cloudtrail, log_verdicts, duplicates
-- attack: T1565.001, T1070
-- trap: CloudTrail gives each event an id of its own. Copies with the same content, however written, are one row; what is here differs in content, so a copy was altered, cut, enriched on its way, or forged.
-- trap: AWS itself delivers an event again when its data were corrected; that copy has an addendum with the reason UPDATED_DATA.
-- trap: A shipper that adds, renames or drops fields makes such pairs by the thousand; compare the two with `coldtrail record`.
-- trap: The verdict tells which of them CloudTrail delivered, where `coldtrail verify` could prove it.
-- next: evidence/rows_by_integrity
-- next: evidence/duplicates_by_object
select
  c.recipientaccountid as recipient_account,
  c.eventid,
  c.event_time,
  c.eventsource,
  c.eventname,
  c.useridentity.arn as actor,
  c.sourceipaddress,
  c.errorcode,
  coalesce(v.verdict, 'not verified yet') as verdict,
  o.key as object_key,
  c.evidence_object,
  c.evidence_record
from cloudtrail c
join same_id s on s.eventid = c.eventid and (s.account is not distinct from c.recipientaccountid)
left join row_verdicts v on v.evidence_object = c.evidence_object and v.evidence_record = c.evidence_record
left join objects o on o.evidence_object = c.evidence_object
order by c.recipientaccountid nulls first, c.eventid, verdict, c.event_time, c.evidence_object, c.evidence_record
