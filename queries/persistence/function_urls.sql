-- title: Functions open by URL
-- question: Which functions were given a URL or a permission for everybody, by whom, do both together open them, and was it taken back?
-- sources: cloudtrail
-- attack: T1546, T1648
-- parameter: function text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about function: part of the name or ARN of the function; null means every function
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A URL with AuthType NONE is open only with a permission for the principal * as well; the console and SAM make both, and either may stand in logs that are missing.
-- trap: One line for each function; what was taken back counts only where the call named the same function, and a function that was deleted is closed as well.
-- trap: The same function can be named by name, part of the ARN or ARN; the name after the last "function:" is compared, without its version.
-- trap: Requests to the URL are data events (Invoke through lambda:InvokeFunctionUrl) and stand in CloudTrail only where these were switched on; invoked counts them after the first opening.
-- trap: The answer holds the URL (functionUrl) only where the log has the response of the call.
-- next: persistence/lambda_changes
-- next: config/exposure_intervals
-- next: triage/key_activity
with calls as (
  select
    *,
    regexp_replace(regexp_replace(json_as_text(requestparameters, 'functionName'), '^.*function:', ''), ':.*$', '') as name
  from cloudtrail
  where eventsource = 'lambda.amazonaws.com'
    and error_class in ('success', 'denied')
    and (
      eventname ~ '^(CreateFunctionUrlConfig|UpdateFunctionUrlConfig|DeleteFunctionUrlConfig|AddPermission|RemovePermission|DeleteFunction[0-9]*(v[0-9]+)?$)'
      or eventname = 'Invoke'
    )
), kinds as (
  select
    *,
    case
      when error_class <> 'success' and (eventname ~ '^(Create|Update|Add)') then 'refused'
      when error_class <> 'success' then 'other'
      when eventname in ('CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig') and json_as_text(requestparameters, 'authType') = 'NONE' then 'url open'
      when eventname in ('CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig') then 'url with IAM'
      when eventname ~ '^AddPermission' and json_as_text(requestparameters, 'principal') = '*' then 'permission for all'
      when eventname ~ '^RemovePermission' then 'permission removed'
      when eventname ~ '^DeleteFunction' then 'closed'
      else 'other'
    end as kind
  from calls
), opened as (
  select
    account, region, name,
    min(event_time) as first_time,
    min(event_time) filter (where kind = 'url open') as url_open_since,
    min(event_time) filter (where kind = 'url with IAM') as url_with_iam_since,
    min(event_time) filter (where kind = 'permission for all') as permission_since,
    count(*) filter (where kind = 'refused') as refused,
    max(json_as_text(responseelements, 'functionUrl')) as function_url,
    array_to_string(array_sort(array_agg(distinct useridentity.arn)), ', ') as actors,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    count(*) as calls,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from kinds
  where kind in ('url open', 'url with IAM', 'permission for all', 'refused')
    and event_time between $from and $to
  group by account, region, name
), after as (
  select
    opened.account, opened.region, opened.name,
    min(kinds.event_time) filter (where kinds.kind = 'closed') as url_removed_at,
    min(kinds.event_time) filter (where kinds.kind = 'permission removed') as permission_removed_at,
    count(*) filter (where kinds.eventname = 'Invoke') as invoked
  from opened
  join kinds
    on (kinds.account is not distinct from opened.account) and (kinds.region is not distinct from opened.region) and kinds.name = opened.name
    and kinds.event_time >= opened.first_time
  group by opened.account, opened.region, opened.name
)
select
  opened.account, opened.region, opened.name as function_name,
  opened.url_open_since is not null and opened.permission_since is not null as open_to_everybody,
  opened.url_open_since, opened.permission_since, opened.url_with_iam_since, after.url_removed_at, after.permission_removed_at,
  coalesce(after.invoked, 0) as invoked, opened.refused, opened.function_url, opened.actors, opened.ips, opened.calls, opened.first_time, opened.last_time,
  opened.evidence_object, opened.evidence_record
from opened
left join after
  on (after.account is not distinct from opened.account) and (after.region is not distinct from opened.region) and after.name = opened.name
where $function is null or strpos(opened.name, $function) > 0 or strpos($function, opened.name) > 0
order by open_to_everybody desc, opened.first_time, opened.account nulls first, opened.region nulls first, function_name nulls first
