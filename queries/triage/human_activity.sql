-- title: What people did
-- question: Which events were people's own doing, and how many were left out because a service, a machine or a pipeline made them?
-- sources: cloudtrail
-- attack: T1078
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN or unique id of the user or role; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: No field says that a person acted: kind is read from the caller, the user agent and the console flag, each of which can be forged or missing; nothing is left out of the counts.
-- trap: A person with a command line and a stolen key of a machine both look like a tool; tool_used says how many calls these are.
-- trap: What the console calls in the background of a page is counted as the person's.
-- trap: Services that act for somebody (invokedBy) carry the name of the one who asked.
-- trap: machine is a principal of which at least nine of ten calls name an execution environment, a build or an instance.
-- next: triage/console_or_tool
-- next: triage/clickops
-- next: triage/principal_sessions
with calls as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby, sourceipaddress) as actor,
    useridentity.type as actor_type, account, event_time, evidence_object, evidence_record, is_write, error_class, sourceipaddress as ip,
    case
      when useridentity.type = 'AWSService' or eventtype = 'AwsServiceEvent' then 'service'
      when useridentity.invokedby is not null or ip_kind(sourceipaddress) = 'none' then 'service for a principal'
      when useridentity.sessioncontext.sessionissuer.arn ~ '/aws-service-role/' then 'service'
      when sessioncredentialfromconsole or eventtype in ('AwsConsoleSignIn', 'AwsConsoleAction') or ua_family(useragent) in ('console', 'browser') then 'console or browser'
      when useragent ~* 'exec-env/|codebuild|jenkins|github-actions|gitlab' then 'machine'
      when split_part(useridentity.principalid, ':', 2) ~ '^i-[0-9a-f]{8}' then 'machine'
      when ua_is_tool(useragent) then 'tool'
      else 'unknown'
    end as made_by
  from cloudtrail
  where event_time between $from and $to
), folded as (
  select
    account, actor, actor_type,
    count(*) as events,
    count(*) filter (where made_by = 'console or browser') as console_used,
    count(*) filter (where made_by = 'tool') as tool_used,
    count(*) filter (where made_by = 'machine') as from_machines,
    count(*) filter (where made_by in ('service', 'service for a principal')) as by_services,
    count(*) filter (where made_by = 'unknown') as unknown,
    count(*) filter (where is_write and error_class = 'success' and made_by in ('console or browser', 'tool', 'unknown')) as own_writes,
    count(*) filter (where error_class = 'denied' and made_by in ('console or browser', 'tool', 'unknown')) as own_denied,
    array_to_string(array_slice(array_sort(array_agg(distinct ip) filter (where made_by in ('console or browser', 'tool', 'unknown'))), 1, 8), ', ') as own_ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by account, actor, actor_type
)
select
  account, actor, actor_type,
  case
    when by_services = events then 'service'
    when console_used > 0 and tool_used + from_machines > 0 then 'person, with tools'
    when console_used > 0 then 'person'
    when from_machines * 10 >= (events - by_services) * 9 then 'machine'
    when tool_used > 0 and from_machines > 0 then 'machine, and somebody with a tool'
    when tool_used > 0 then 'somebody with a tool'
    else 'cannot say'
  end as kind,
  events, console_used, tool_used, from_machines, by_services, unknown, own_writes, own_denied, own_ips, first_time, last_time, evidence_object,
  evidence_record
from folded
where $actor is null or strpos(actor, $actor) > 0
order by kind in ('service', 'machine'), kind, events desc, account nulls first, actor nulls first, actor_type nulls first
