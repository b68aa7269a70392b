-- title: Objects with gaps
-- question: Which collected objects were not read, or not read whole, and why?
-- sources: objects
-- parameter: source text = null
-- about source: the kind of log, such as cloudtrail; null means every kind and objects of unknown kind
-- trap: An object that was not recognised may be a log under another name; look at its key.
-- trap: The time in the key is that of delivery; the events in the object are older.
-- trap: A damaged object gives its first records, and how many are missing after the damage is unknown.
-- trap: Objects that are missing from the collection are not here; evidence/coverage and defense_evasion/silent_hours look for those.
-- next: evidence/unparsed_records
-- next: evidence/coverage
select
  evidence_object,
  key as object_key,
  source,
  status,
  reason,
  damage,
  size,
  records,
  kept,
  duplicates,
  rejects,
  account,
  region,
  delivery_time,
  first_event_time,
  last_event_time,
  sha256
from objects
where (status <> 'ingested' or damage is not null or rejects > 0)
  and ($source is null or source = $source)
order by status, source nulls first, object_key, evidence_object
