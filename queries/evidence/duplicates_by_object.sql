-- title: Duplicates by pair of objects
-- question: How many records were there twice, and in which pairs of objects?
-- sources: duplicates, objects
-- parameter: source text = null
-- about source: the table that holds the rows; null means every table
-- trap: Only records with the same id and the same content are duplicates, however their JSON is written; the same id with different content stays twice in its table: evidence/same_id_other_content.
-- trap: The two copies of a cross-account action have the same sharedEventID and are no duplicates.
-- trap: An object with the bytes and the name of another has the status duplicate in evidence/objects_not_ingested; its records are counted here, too.
-- trap: The copy that can be proven best is the row: a file under CloudTrail's own key, then a log under the name that AWS gave it, then exports.
-- next: evidence/objects_not_ingested
-- next: evidence/coverage
select
  duplicates.source,
  kept.key as kept_key,
  left_out.key as left_out_key,
  duplicates.kept_object,
  duplicates.evidence_object,
  count(*) as records,
  min(duplicates.evidence_record) as first_record,
  max(duplicates.evidence_record) as last_record,
  left_out.records as records_in_object,
  duplicates.kept_object = duplicates.evidence_object as within_one_object
from duplicates
left join objects as kept on kept.evidence_object = duplicates.kept_object
left join objects as left_out on left_out.evidence_object = duplicates.evidence_object
where $source is null or duplicates.source = $source
group by duplicates.source, kept.key, left_out.key, duplicates.kept_object, duplicates.evidence_object, left_out.records
order by duplicates.source, records desc, kept_key nulls first, left_out_key nulls first, duplicates.kept_object,
  duplicates.evidence_object
