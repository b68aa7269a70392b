-- title: Questions about quotas, mail, models and the organisation
-- question: Who asked what could be abused here: sending quotas, service quotas, models, contacts, or the accounts of the organisation?
-- sources: cloudtrail
-- attack: T1526, T1087.004, T1580
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of the actor; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Consoles and inventory tools ask the same; earlier_calls says how often the same actor asked the same before, in all the collected logs.
-- trap: A refused question tells as much about the intention as an answered one; see error_class.
-- trap: Calls of a session in the same hour are one line.
-- next: discovery/enumeration_bursts
-- next: impact/resource_hijacking
-- next: impact/mail_and_message_abuse
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as who,
    useridentity.accesskeyid as access_key,
    case
      when eventsource = 'ses.amazonaws.com' then 'mail'
      when eventsource in ('sns.amazonaws.com', 'sms-voice.amazonaws.com') then 'text messages'
      when eventsource = 'servicequotas.amazonaws.com' or eventname in ('DescribeAccountAttributes', 'GetAccountSettings', 'DescribeAccountLimits', 'DescribeSpotPriceHistory', 'DescribeInstanceTypeOfferings') then 'quotas and capacity'
      when eventsource = 'bedrock.amazonaws.com' then 'models'
      when eventsource = 'organizations.amazonaws.com' then 'organisation'
      else 'account and money'
    end as about
  from cloudtrail
  where useridentity.invokedby is null
    and (
      (eventsource = 'ses.amazonaws.com' and eventname ~ '^(Get(Send|Account|Identity|EmailIdentity)|List(Identities|EmailIdentities|VerifiedEmail))')
      or (eventsource in ('sns.amazonaws.com', 'sms-voice.amazonaws.com') and eventname ~ '^(GetSMS|ListOriginationNumbers|ListSMSSandbox|DescribeSpendLimits|DescribeAccount|DescribePhoneNumbers)')
      or (eventsource = 'servicequotas.amazonaws.com' and eventname ~ '^(Get|List)')
      or (eventsource = 'ec2.amazonaws.com' and eventname in ('DescribeAccountAttributes', 'DescribeSpotPriceHistory', 'DescribeInstanceTypeOfferings'))
      or (eventsource = 'bedrock.amazonaws.com' and eventname ~ '^(List(Foundation|Custom|Provisioned|Inference)|GetFoundationModel|GetModelInvocationLogging|GetUseCase)')
      or (eventsource = 'organizations.amazonaws.com' and eventname ~ '^(Describe|List)')
      or (eventsource in ('account.amazonaws.com', 'ce.amazonaws.com', 'billingconsole.amazonaws.com', 'budgets.amazonaws.com', 'freetier.amazonaws.com', 'payments.amazonaws.com')
        and eventname ~ '^(Get|List|Describe|View)')
    )
), numbered as (
  select *, row_number() over (partition by who, eventsource, eventname order by event_time, evidence_object, evidence_record) - 1 as earlier_calls
  from calls
)
select
  date_trunc('hour', event_time) as hour,
  account,
  about,
  min(who) as actor,
  session_id,
  min(access_key) as access_key,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  array_to_string(array_sort(array_agg(distinct eventname)), ', ') as actions,
  count(*) as events,
  count(*) filter (where error_class = 'success') as answered,
  count(*) filter (where error_class = 'denied') as denied,
  min(earlier_calls) as earlier_calls,
  min(useragent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from numbered
where event_time between $from and $to
  and ($actor is null or strpos(who, $actor) > 0)
group by date_trunc('hour', event_time), account, about, session_id
order by hour, account nulls first, about, session_id nulls first
