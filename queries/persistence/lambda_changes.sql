-- title: Changes of Lambda functions
-- question: Which functions got new code, layers, configuration, triggers, permissions or a public URL?
-- sources: cloudtrail
-- attack: T1525, T1546, T1648
-- parameter: function text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about function: part of the name or ARN of the function; null means every function
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: What opens a function to others stands first.
-- trap: The names of Lambda's events carry the date of its API (UpdateFunctionCode20150331v2), so they are matched by their beginning.
-- trap: The code itself and the values of environment variables are not in the log.
-- trap: AddPermission names the principal in the request; a URL with AuthType NONE needs such a permission as well to be open.
-- next: triage/successful_writes
-- next: config/resource_history
with changes as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'functionName'), json_as_text(responseelements, 'functionName'),
      json_as_text(requestparameters, 'layerName')
    ) as function_name,
    json_as_text(requestparameters, 'principal') as principal,
    json_as_text(requestparameters, 'authType') as auth_type,
    json_as_text(requestparameters, 'role') as role_arn,
    coalesce(json_get_json(requestparameters, 'layers'), json_get_json(responseelements, 'layers')) as layers
  from cloudtrail
  where eventsource = 'lambda.amazonaws.com'
    and eventname ~ '^(CreateFunction|UpdateFunctionCode|UpdateFunctionConfiguration|PublishLayerVersion|PublishVersion|AddPermission|AddLayerVersionPermission|RemovePermission|CreateFunctionUrlConfig|UpdateFunctionUrlConfig|CreateEventSourceMapping|UpdateEventSourceMapping|CreateAlias|UpdateAlias|PutFunctionEventInvokeConfig)'
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  function_name,
  case
    when starts_with(eventname, 'AddPermission') and principal = '*' then 'anybody may call it'
    when starts_with(eventname, 'AddPermission') and replace(principal, coalesce(account, '-'), '') ~ '[0-9]{12}' then 'another account may call it'
    when auth_type = 'NONE' then 'URL without authentication'
  end as exposure,
  principal,
  auth_type,
  role_arn,
  layers,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from changes
where $function is null or strpos(function_name, $function) > 0
order by exposure nulls last, event_time, evidence_object, evidence_record
