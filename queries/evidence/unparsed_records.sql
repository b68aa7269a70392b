-- title: Records that were not understood
-- question: Which records could not be read, where do they stand, and what is in them?
-- sources: rejects, objects
-- parameter: source text = null
-- about source: the kind of log, such as cloudtrail; null means every kind
-- trap: A record that was not understood is in no other answer: what it says has to be read by eye.
-- trap: Only the first bytes are shown here, as text where they are text and else as hexadecimal digits; `coldtrail record` shows all of them.
-- trap: Whoever can write into a log bucket, or into a field such as the user agent, can provoke such records.
-- next: evidence/objects_not_ingested
-- next: evidence/coverage
select
  rejects.evidence_object,
  rejects.evidence_record,
  rejects.evidence_offset,
  rejects.source,
  objects.key as object_key,
  objects.account,
  objects.region,
  objects.delivery_time,
  rejects.field,
  rejects.reason,
  rejects.size,
  coalesce(substr(try_cast(rejects.raw as text), 1, 400), left(encode(rejects.raw, 'hex'), 400)) as beginning,
  objects.damage
from rejects
left join objects on objects.evidence_object = rejects.evidence_object
where $source is null or rejects.source = $source
order by rejects.source nulls first, object_key nulls first, rejects.evidence_object, rejects.evidence_record,
  rejects.evidence_offset nulls first, rejects.reason
