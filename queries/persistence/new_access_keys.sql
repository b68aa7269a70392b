-- title: New users, keys and passwords
-- question: Which users, access keys, console passwords and service credentials were made, by whom and for whom?
-- sources: cloudtrail
-- attack: T1136.003, T1098.001
-- parameter: only_for_others boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_for_others: true leaves out what users made for themselves
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A request without userName makes the key for the caller itself, or for root when root is the caller.
-- trap: Failed attempts are listed as well, as they show the intent; see error_class.
-- trap: A key can be made long before it is used; the last columns say whether it was used in the collected logs at all.
-- trap: IAM is recorded in us-east-1 only; without that region the answer is empty for want of logs.
-- next: triage/key_activity
-- next: privilege_escalation/admin_policies
with made as (
  select
    *,
    useridentity.username as caller_name,
    coalesce(
      json_as_text(requestparameters, 'userName'),
      json_as_text(responseelements, 'accessKey', 'userName'),
      json_as_text(responseelements, 'user', 'userName')
    ) as named_user,
    json_as_text(responseelements, 'accessKey', 'accessKeyId') as new_key
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and eventname in (
      'CreateUser', 'CreateAccessKey', 'UpdateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile',
      'CreateServiceSpecificCredential', 'ResetServiceSpecificCredential', 'UploadSSHPublicKey',
      'UploadSigningCertificate'
    )
    and event_time between $from and $to
), used as (
  select
    useridentity.accesskeyid as access_key, count(*) as events, min(event_time) as first_use, max(event_time) as last_use
  from cloudtrail
  where useridentity.accesskeyid is not null
  group by useridentity.accesskeyid
), judged as (
  select
    *,
    case
      when eventname = 'CreateUser' then true
      when named_user is null then false
      else named_user is distinct from caller_name
    end as for_another
  from made
)
select
  judged.evidence_object,
  judged.evidence_record,
  judged.event_time,
  judged.account,
  judged.eventname as action,
  judged.useridentity.arn as caller,
  judged.useridentity.accesskeyid as caller_key,
  coalesce(judged.named_user, judged.caller_name) as for_user,
  judged.for_another,
  judged.new_key,
  judged.sourceipaddress as ip,
  judged.useragent as user_agent,
  judged.error_class,
  used.events as uses_of_new_key,
  used.first_use,
  used.last_use
from judged
left join used on used.access_key = judged.new_key
where $only_for_others = false or judged.for_another
order by judged.event_time, judged.evidence_object, judged.evidence_record
