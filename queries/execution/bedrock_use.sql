-- title: Use of Bedrock and its models
-- question: Who looked at, asked for access to, or called models of Bedrock, in which region, how often, and was the logging of it changed?
-- sources: cloudtrail
-- attack: T1496.004, T1580
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the actor's ARN or unique id; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Prompts and answers are not in CloudTrail; they stand in the model invocation log only where that was switched on, and GetModelInvocationLoggingConfiguration is how a thief finds out.
-- trap: InvokeModel and Converse are management events and logged; streams, agents and knowledge bases are data events and show only where these were switched on.
-- trap: An attempt that was refused or found no access is as telling as one that worked: whoever sells stolen access tries many models and regions.
-- trap: Costs stand in the bill, also where the logs are missing.
-- next: billing/first_usage
-- next: discovery/first_ever
-- next: triage/principal_sessions
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor,
    regexp_replace(coalesce(json_as_text(requestparameters, 'modelId'), json_as_text(requestparameters, 'modelIdentifier')), '^.*/', '') as model,
    case
      when eventname ~ '^(InvokeModel|Converse|StartAsyncInvoke|CreateModelInvocationJob|InvokeAgent|InvokeFlow|Retrieve)' then '1 used'
      when eventname ~ '^(PutUseCaseForModelAccess|PutFoundationModelEntitlement|CreateFoundationModelAgreement|CreateProvisioned)' then '2 access asked for'
      when eventname ~ '(ModelInvocationLoggingConfiguration|DeleteGuardrail|UpdateGuardrail)' and eventname !~ '^Get' then '3 logging or guardrail changed'
      when eventname ~ '^(GetModelInvocation|GetUseCase|GetFoundationModel|ListFoundationModel)' then '4 looked around'
      else '5 other'
    end as ranked_kind
  from cloudtrail
  where eventsource ~ '^bedrock'
    and event_time between $from and $to
)
select
  substr(ranked_kind, 3) as kind,
  actor,
  account,
  region,
  eventname as action,
  model,
  error_class,
  count(*) as events,
  array_to_string(array_sort(array_agg(distinct errorcode)), ', ') as errors,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  array_to_string(array_sort(array_agg(distinct useridentity.accesskeyid)), ', ') as access_keys,
  min(useragent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from calls
where $actor is null or strpos(actor, $actor) > 0 or strpos(useridentity.principalid, $actor) > 0
group by ranked_kind, actor, account, region, eventname, model, error_class
order by ranked_kind, first_time, actor nulls first, account nulls first, region nulls first, action, model nulls first, error_class
