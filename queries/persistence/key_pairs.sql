-- title: SSH key pairs
-- question: Which SSH key pairs were made or brought in, by whom, and which machines were started with them?
-- sources: cloudtrail
-- attack: T1098.004, T1578.002
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A key pair opens only machines that are started with it afterwards; running machines keep the keys that they have.
-- trap: ImportKeyPair means that the private half was never seen by AWS; CreateKeyPair that whoever called has got it.
-- trap: A key pair belongs to one region; the same name elsewhere is another one.
-- trap: machines counts starts that name the key pair directly, not those through templates.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: execution/instance_connect
-- next: network/opened_by_call
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'keyName'), json_as_text(requestparameters, 'keyPairName'), json_as_text(requestparameters, 'keyPairId')) as key_name
  from cloudtrail
  where eventsource in ('ec2.amazonaws.com', 'lightsail.amazonaws.com')
    and eventname in ('CreateKeyPair', 'ImportKeyPair', 'DeleteKeyPair')
    and event_time between $from and $to
), starts as (
  select
    account, region, event_time,
    coalesce(json_as_text(requestparameters, 'instancesSet', 'items', 0, 'keyName'), json_as_text(requestparameters, 'keyName')) as key_name
  from cloudtrail
  where eventsource = 'ec2.amazonaws.com'
    and eventname = 'RunInstances'
    and error_class = 'success'
), counted as (
  select calls.evidence_object, calls.evidence_record, count(*) as starts, min(starts.event_time) as first_start
  from calls
  join starts
    on starts.account = calls.account and starts.region = calls.region and starts.key_name = calls.key_name and starts.event_time >= calls.event_time
  where calls.eventname <> 'DeleteKeyPair'
  group by calls.evidence_object, calls.evidence_record
)
select
  calls.evidence_object,
  calls.evidence_record,
  calls.event_time,
  calls.account,
  calls.region,
  calls.eventname as action,
  calls.key_name,
  coalesce(json_as_text(calls.responseelements, 'keyFingerprint'), json_as_text(calls.requestparameters, 'publicKeyMaterial')) as fingerprint,
  coalesce(counted.starts, 0) as machines,
  counted.first_start,
  calls.useridentity.arn as actor,
  calls.useridentity.accesskeyid as access_key,
  calls.sourceipaddress as ip,
  calls.useragent as user_agent,
  calls.error_class
from calls
left join counted on counted.evidence_object = calls.evidence_object and counted.evidence_record = calls.evidence_record
order by calls.event_time, calls.evidence_object, calls.evidence_record
