-- The relationships of items, named one on each line as object#record, that were captured within a time.
select evidence_object, evidence_record, configurationitemcapturetime, relationships
from config_items
where event_time >= $from and event_time <= $to
  and evidence_object in (select unnest(string_to_array($objects, chr(10))))
  and concat(evidence_object, '#', cast(evidence_record as varchar)) in (select unnest(string_to_array($rows, chr(10))))
