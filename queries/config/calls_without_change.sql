-- title: Calls that Config never saw the effect of
-- question: Which successful write calls claim to change a resource, and Config saw no change that they explain?
-- sources: cloudtrail, config_items
-- attack: T1562, T1578
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first call to look at
-- about to: the last call to look at
-- trap: The same value set again, a value that was put back before the capture, and a part of the resource that Config does not record look the same; why says whether Config captured the resource later at all.
-- trap: Only resources that Config recorded some time, and calls of which it is known what they change, are here.
-- trap: A call that is a candidate for a change is not listed, even when another call is the likelier one.
-- next: config/who_changed
select
  event_time, awsaccountid, awsregion, resourcetype, resourceid, resourcename, api, eventid, session_id,
  starts_with(why, 'cannot say') as cannot_say, why, event_object as evidence_object, event_record as evidence_record
from config_calls
where configurationitemcapturetime is null
  and event_time between $from and $to
order by event_time, evidence_object, evidence_record, resourcetype, resourceid
