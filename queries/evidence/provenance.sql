-- title: Where a record comes from
-- question: In which file does this event, request or object stand, with which hashes, size and time of delivery, for the list of exhibits?
-- sources: cloudtrail
-- parameter: id text = null
-- parameter: object text = null
-- parameter: source text = null
-- parameter: top integer = 50
-- about id: the id of an event of CloudTrail, or a request id; null means none
-- about object: the id of an object (evidence_object), or part of its key; null means all
-- about source: the source of the objects, such as cloudtrail or s3_access; null means every one
-- about top: how many lines where neither id nor object is given, the largest first; null means all
-- trap: Without an id a line is an object; with one it is a record, and evidence_record names which of the object.
-- trap: A record that was delivered twice stands once as a row; copies says how many more objects hold records that are not rows, over the whole object.
-- trap: sha256 is of the bytes as collected, inflated_sha256 of the content after inflating, which is what CloudTrail's digests speak of.
-- trap: verdict is what coldtrail verify found; null where that was not run, or for files that no digest covers.
-- trap: Request ids are not unique, so an id can give several lines.
-- next: evidence/rows_by_integrity
-- next: evidence/duplicates_by_object
with records as (
  select evidence_object, evidence_record, event_time, eventid, requestid, eventname, account
  from cloudtrail
  where eventid = $id or requestid = $id
  union all
  select evidence_object, evidence_record, event_time, cast(null as text) as eventid, requestid, operation as eventname, account
  from s3_access
  where requestid = $id
), verdicts as (
  select evidence_object, min(verdict) as verdict from log_verdicts where evidence_object is not null group by evidence_object
), lines as (
  select
    o.evidence_object, r.evidence_record, r.event_time, r.eventid, r.requestid, r.eventname, o.source, o.key, o.sha256, o.inflated_sha256, o.size, o.inflated_size, o.layers,
    o.form, o.status, o.damage, o.records, o.kept, o.duplicates as copies, o.rejects, coalesce(r.account, o.account) as account, o.region, o.delivery_time, o.first_event_time, o.last_event_time,
    v.verdict
  from objects o
  left join records r on r.evidence_object = o.evidence_object
  left join verdicts v on v.evidence_object = o.evidence_object
  where ($id is null or r.evidence_object is not null)
    and ($object is null or o.evidence_object = $object or strpos(o.key, $object) > 0)
    and ($source is null or o.source = $source)
), ranked as (
  select
    *,
    row_number() over (order by kept desc nulls last, key, evidence_object, evidence_record nulls first) as rank,
    count(*) over () as of_lines
  from lines
)
select
  key, source, evidence_object, evidence_record, event_time, eventname as action, eventid, requestid, sha256, inflated_sha256, size, inflated_size, layers, form, status, damage, records, kept, copies,
  rejects, account, region, delivery_time, first_event_time, last_event_time, verdict, of_lines
from ranked
where $id is not null or $object is not null or $top is null or rank <= $top
order by rank
