-- title: Mail and text messages sent in one's name
-- question: Did anybody prepare or do mass mail, text messages or calls: new identities, a way out of the sandbox, higher limits, sending?
-- sources: cloudtrail
-- attack: T1496.004, T1566, T1534
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of the actor; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Sending by SMTP or by SendEmail is a data event that is seldom switched on: no line of sending is no proof. The bill shows what was sent (billing/first_usage, billing/unusual_days).
-- trap: Credentials of SMTP are made of an access key of a user: see persistence/new_access_keys.
-- trap: Questions about quotas are in discovery/quota_and_organization_probes.
-- trap: Refused attempts are listed as well; calls of one actor and hour are one line.
-- next: discovery/quota_and_organization_probes
-- next: billing/unusual_days
-- next: persistence/new_access_keys
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as who,
    case
      when eventname ~ '^(Verify|CreateEmailIdentity|PutEmailIdentity|CreateConfigurationSet|SetIdentity|UpdateEmailIdentity|PutIdentityPolicy)' then 'identity'
      when eventname ~ '^(PutAccount|UpdateAccountSendingEnabled|RequestSandbox|SetSMSAttributes|RequestServiceQuotaIncrease|SetTextMessageSpend|SetVoiceMessageSpend|CreateCase)' then 'limits'
      when eventname ~ '^(Send|Publish)' then 'sending'
      else 'other'
    end as step
  from cloudtrail
  where (eventsource = 'ses.amazonaws.com' and eventname ~ '^(Verify|Create|Put|Set|Update|Send|Delete(Suppressed|Identity|EmailIdentity))')
    or (eventsource = 'sns.amazonaws.com' and (eventname in ('SetSMSAttributes', 'CreateSMSSandboxPhoneNumber', 'VerifySMSSandboxPhoneNumber', 'OptInPhoneNumber')
      or (eventname = 'Publish' and requestparameters ~ 'phoneNumber')))
    or (eventsource in ('sms-voice.amazonaws.com', 'pinpoint.amazonaws.com', 'mobiletargeting.amazonaws.com') and eventname ~ '^(Send|Create|Request|Set|Put|Update)')
    or (eventsource = 'connect.amazonaws.com' and eventname ~ '^(CreateInstance|StartOutbound|ClaimPhoneNumber|StartChat)')
    or (eventsource in ('workmail.amazonaws.com') and eventname ~ '^(Create|Register|Reset)')
    or (eventsource = 'servicequotas.amazonaws.com' and eventname = 'RequestServiceQuotaIncrease' and requestparameters ~* '"(ses|sns|pinpoint|sms-voice)"')
    or (eventsource = 'support.amazonaws.com' and eventname = 'CreateCase')
)
select
  date_trunc('hour', event_time) as hour,
  account,
  region,
  who as actor,
  step,
  eventsource as service,
  array_to_string(array_sort(array_agg(distinct eventname)), ', ') as actions,
  count(*) as events,
  count(*) filter (where error_class = 'success') as succeeded,
  count(*) filter (where error_class = 'denied') as denied,
  min(coalesce(json_as_text(requestparameters, 'emailIdentity'), json_as_text(requestparameters, 'emailAddress'), json_as_text(requestparameters, 'domain'), json_as_text(requestparameters, 'phoneNumber'))) as an_identity,
  min(useridentity.accesskeyid) as access_key,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  min(useragent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from calls
where event_time between $from and $to
  and ($actor is null or strpos(who, $actor) > 0)
group by 1, 2, 3, 4, 5, 6
order by hour, account nulls first, region nulls first, actor nulls first, step, service
