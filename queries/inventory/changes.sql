-- title: Objects that came, went or changed between inventories
-- question: Which objects appeared, vanished or changed from one inventory of a bucket to the next?
-- sources: s3_inventory
-- attack: T1485, T1486, T1565
-- parameter: bucket text = null
-- parameter: top integer = 200
-- about bucket: the bucket; null means every bucket
-- about top: how many lines where no bucket is given, vanished ones first; null means all
-- trap: The time of an inventory is that of its manifest; rows whose file no collected manifest names belong to no inventory and are left aside. undated_rows counts them.
-- trap: An inventory is written within a day or so and is no instant: objects of the same hours can be missing or there.
-- trap: What came and went between two inventories is in neither (inventory/read_and_not_listed).
-- trap: Two inventories of one bucket with other prefixes or other columns differ without any change; files of an inventory that were not collected make all their objects vanish. complete says whether all files of both manifests are here.
-- trap: `other e-tag, not written` is an object whose size and time are as before: tags, locks and retention change neither; an inventory that was altered or made of something else may.
-- trap: Only current versions are compared.
-- next: inventory/read_and_not_listed
-- next: exfiltration/objects_read
-- next: evidence/objects_not_ingested
with manifests as (
  select
    bucket,
    try_cast(json_as_text(manifest, 'creationTimestamp') as bigint) as stamp,
    unnest(json_get_array(manifest, 'files')) as file
  from s3_inventory
  where inventory_record = 'manifest'
), files as (
  select distinct bucket, to_timestamp_millis(stamp) as taken, regexp_replace(json_as_text(file, 'key'), '^.*/', '') as name from manifests
), collected as (
  select files.bucket, files.taken, files.name, objects.evidence_object
  from files
  left join objects on regexp_replace(objects.key, '^.*/', '') = files.name and objects.status = 'ingested'
), inventories as (
  select
    bucket, taken, bool_and(evidence_object is not null) as whole,
    lead(taken) over (partition by bucket order by taken) as next_taken
  from collected
  group by bucket, taken
), listed as (
  select
    collected.bucket, collected.taken, i.key_decoded as object_key, i.size, i.e_tag, i.last_modified_date, i.storage_class, i.encryption_status, i.evidence_object, i.evidence_record,
    row_number() over (partition by collected.bucket, collected.taken, i.key_decoded order by i.evidence_object, i.evidence_record) as copy
  from s3_inventory i
  join collected on collected.evidence_object = i.evidence_object and collected.bucket = i.bucket
  where i.inventory_record = 'object'
    and coalesce(i.is_latest, true)
    and not coalesce(i.is_delete_marker, false)
    and ($bucket is null or i.bucket = $bucket)
), loose as (
  select count(*) as undated_rows
  from s3_inventory i
  left join collected on collected.evidence_object = i.evidence_object
  where i.inventory_record = 'object' and collected.evidence_object is null
), before as (
  select listed.*, inventories.next_taken, inventories.whole
  from listed
  join inventories on inventories.bucket = listed.bucket and inventories.taken = listed.taken
  where listed.copy = 1 and inventories.next_taken is not null
), after as (
  select listed.*, inventories.taken as previous_taken, inventories.whole
  from listed
  join inventories on inventories.bucket = listed.bucket and inventories.next_taken = listed.taken
  where listed.copy = 1
), compared as (
  select
    coalesce(before.bucket, after.bucket) as bucket,
    coalesce(before.object_key, after.object_key) as object_key,
    case
      when after.object_key is null then 'vanished'
      when before.object_key is null then 'appeared'
      when (before.e_tag is distinct from after.e_tag) and before.size = after.size and before.last_modified_date = after.last_modified_date then 'other e-tag, not written'
      when (before.e_tag is distinct from after.e_tag) or (before.size is distinct from after.size) then 'content changed'
      when (before.encryption_status is distinct from after.encryption_status) then 'encryption changed'
      when (before.storage_class is distinct from after.storage_class) then 'storage class changed'
      when (before.last_modified_date is distinct from after.last_modified_date) then 'written again'
    end as what,
    coalesce(before.taken, after.previous_taken) as earlier_inventory,
    coalesce(after.taken, before.next_taken) as later_inventory,
    before.size as size_before, after.size as size_after, before.last_modified_date as modified_before, after.last_modified_date as modified_after,
    before.encryption_status as encryption_before, after.encryption_status as encryption_after,
    coalesce(after.evidence_object, before.evidence_object) as evidence_object,
    coalesce(after.evidence_record, before.evidence_record) as evidence_record
  from before
  full join after on after.bucket = before.bucket and after.previous_taken = before.taken and after.object_key = before.object_key
), ranked as (
  select
    compared.*, e.whole and l.whole as complete, loose.undated_rows,
    row_number() over (
      order by case what when 'vanished' then 0 when 'content changed' then 1 when 'encryption changed' then 2 when 'appeared' then 3 else 4 end,
        compared.bucket, earlier_inventory, object_key
    ) as rank,
    count(*) over () as of_lines
  from compared
  join inventories e on e.bucket = compared.bucket and e.taken = compared.earlier_inventory
  join inventories l on l.bucket = compared.bucket and l.taken = compared.later_inventory
  cross join loose
  where what is not null
)
select
  bucket, object_key, what, earlier_inventory, later_inventory, size_before, size_after, modified_before, modified_after, encryption_before, encryption_after, complete, undated_rows,
  evidence_object, evidence_record, of_lines
from ranked
where $bucket is not null or $top is null or rank <= $top
order by rank
