-- title: Steps from one identity to the next
-- question: Who assumed which role, which temporary key came of it, and was that key used?
-- sources: cloudtrail
-- attack: T1550.001, T1078.004
-- parameter: key text = null
-- parameter: role text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about key: an access key id, either of the caller or of the session that was made; null means every one
-- about role: part of the ARN of the role; null means every role
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: The answer holds the new key (responseElements.credentials.accessKeyId), and the next step is the events that this key signed; session names are chosen by the caller and prove nothing.
-- trap: A step into another account is recorded in both, and the two events share sharedEventID; both are listed.
-- trap: uses counts what the new key did in all collected logs, whatever the time limits.
-- trap: Services take roles all the time; caller_service names them.
-- next: privilege_escalation/role_chains
-- next: triage/key_activity
with steps as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'roleArn'), json_as_text(responseelements, 'assumedRoleUser', 'arn'),
      json_as_text(responseelements, 'federatedUser', 'arn'), json_as_text(requestparameters, 'targetPrincipal')
    ) as taken,
    json_as_text(requestparameters, 'roleSessionName') as session_name,
    json_as_text(requestparameters, 'sourceIdentity') as source_identity,
    json_as_text(responseelements, 'credentials', 'accessKeyId') as new_key
  from cloudtrail
  where eventsource = 'sts.amazonaws.com'
    and eventname in (
      'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot', 'GetSessionToken',
      'GetFederationToken'
    )
    and event_time between $since and $until
), used as (
  select
    useridentity.accesskeyid as access_key,
    count(*) as events,
    min(event_time) as first_use,
    max(event_time) as last_use,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips
  from cloudtrail
  where starts_with(useridentity.accesskeyid, 'ASIA')
  group by useridentity.accesskeyid
)
select
  steps.evidence_object,
  steps.evidence_record,
  steps.event_time,
  steps.account,
  steps.region,
  steps.eventname as action,
  coalesce(steps.useridentity.arn, steps.useridentity.principalid) as caller,
  steps.useridentity.accesskeyid as caller_key,
  coalesce(steps.useridentity.invokedby, case when steps.useridentity.type = 'AWSService' then steps.sourceipaddress end) as caller_service,
  steps.sourceipaddress as ip,
  steps.taken,
  steps.session_name,
  steps.source_identity,
  steps.new_key,
  steps.error_class,
  coalesce(used.events, 0) as uses,
  used.first_use,
  used.last_use,
  used.ips as used_from,
  steps.sharedeventid
from steps
left join used on used.access_key = steps.new_key
where ($key is null or steps.useridentity.accesskeyid = $key or steps.new_key = $key)
  and ($role is null or strpos(steps.taken, $role) > 0)
order by steps.event_time, steps.evidence_object, steps.evidence_record
