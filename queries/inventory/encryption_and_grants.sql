-- title: Encryption and grants by the inventory
-- question: How are the objects of each bucket encrypted, and which of them are granted to everybody or to strangers by an access control list?
-- sources: s3_inventory
-- attack: T1530, T1486
-- parameter: bucket text = null
-- about bucket: the bucket; null means every bucket
-- trap: Columns that the inventory was not set to have are empty: encryption null means that it does not say, and granted_to_all is null where it lists no access control list.
-- trap: Each line counts an object once for each inventory that lists it; objects counts different ones.
-- trap: SSE-C means that the key is in nobody's hands but the client's: where the owner does not use it, it is a sign of extortion.
-- trap: That an object is granted to everybody matters only where the bucket lets such grants be used (public access block); policies of the bucket are not in the inventory.
-- next: inventory/changes
-- next: config/public_bucket_policies
select
  bucket,
  encryption_status as encryption,
  bucket_key_status as bucket_key,
  object_owner as owner,
  case when object_access_control_list is null then null
    else strpos(object_access_control_list, 'AllUsers') > 0 or strpos(object_access_control_list, 'AuthenticatedUsers') > 0 end as granted_to_all,
  count(*) as lines,
  count(distinct key_decoded) as objects,
  sum(size) as bytes,
  min(event_time) as first_modified,
  max(event_time) as last_modified,
  first_value(key_decoded order by event_time desc, evidence_object, evidence_record) as a_key,
  first_value(evidence_object order by event_time desc, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time desc, evidence_object, evidence_record) as evidence_record
from s3_inventory
where inventory_record = 'object'
  and not coalesce(is_delete_marker, false)
  and ($bucket is null or bucket = $bucket)
group by bucket, encryption_status, bucket_key_status, object_owner,
  case when object_access_control_list is null then null
    else strpos(object_access_control_list, 'AllUsers') > 0 or strpos(object_access_control_list, 'AuthenticatedUsers') > 0 end
order by granted_to_all desc nulls last, bucket, encryption nulls first, bucket_key nulls first, owner nulls first
