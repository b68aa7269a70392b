-- Events of one account that have one id and different contents. Copies with the same content are one row, so each
-- row more than one is another content.
select
  recipientaccountid as account, eventid, count(*) as rows, min(event_time) as first_time, max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from lake.cloudtrail
where eventid is not null
group by recipientaccountid, eventid
having count(*) > 1
