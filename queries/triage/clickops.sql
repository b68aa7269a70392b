-- title: Changes by hand
-- question: What was changed by hand, through the console or a command line, and not by the pipelines and tools that usually change that?
-- sources: cloudtrail
-- attack: T1578, T1098
-- parameter: pipelines text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about pipelines: parts of ARNs of the roles and users that deploy, separated by commas; their changes are left out; null means that none are known
-- about top: how many lines, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: By hand is read from the console flag and the user agent: a stolen pipeline role used from a command line is by hand, and a forged agent is not.
-- trap: by_pipelines says how many of the same calls came from builds, infrastructure as code or services: a change that is never made by hand otherwise stands out.
-- trap: Whether the resource belongs to a stack stands in its tags (aws:cloudformation:stack-id), which only Config has.
-- trap: Sign-ins, steps into roles and data events (objects, items) are left out.
-- trap: One line for each principal, call, way and address; places that were new after the quiet_days first, then rare calls; of_lines says how many there are.
-- next: triage/successful_writes
-- next: config/who_changed
-- next: triage/human_activity
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor_name,
    case
      when useridentity.invokedby is not null or useridentity.type = 'AWSService' or ip_kind(sourceipaddress) = 'none' then 'service'
      when sessioncredentialfromconsole or eventtype = 'AwsConsoleAction' or ua_family(useragent) in ('console', 'browser') then 'console'
      when useragent ~* 'exec-env/|codebuild|jenkins|github-actions|gitlab|terraform|pulumi|cloudformation|cdk' then 'pipeline'
      when ua_is_tool(useragent) then 'command line or script'
      else 'unknown'
    end as way
  from cloudtrail
  where coalesce(is_write, true)
    and error_class = 'success'
    and eventname is not null
    and eventsource not in ('signin.amazonaws.com', 'sts.amazonaws.com')
    and coalesce(eventcategory, 'Management') = 'Management'
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), weighed as (
  select
    *,
    count(*) filter (where way in ('service', 'pipeline')) over (partition by eventsource, eventname) as by_pipelines,
    min(event_time) over (partition by actor_name, sourceipaddress) as place_first
  from calls
), folded as (
  select
    actor_name, eventsource, eventname, way, sourceipaddress as ip, account,
    count(*) as changes,
    min(by_pipelines) as by_pipelines,
    min(place_first) as place_first,
    array_to_string(array_sort(array_agg(distinct region)), ', ') as regions,
    min(useragent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(array_to_string(resources, ', ') order by event_time, evidence_object, evidence_record) as a_few_resources,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from weighed
  where way in ('console', 'command line or script', 'unknown')
    and event_time between $from and $to
    and ($pipelines is null or coalesce(actor_name, '') !~ replace(replace($pipelines, ' ', ''), ',', '|'))
  group by actor_name, eventsource, eventname, way, sourceipaddress, account
), ranked as (
  select
    folded.*,
    place_first >= begun.quiet_until as is_new,
    row_number() over (
      order by place_first >= begun.quiet_until desc, changes, first_time, actor_name nulls first, eventsource, eventname, way, ip nulls first, account nulls first
    ) as rank,
    count(*) over () as of_lines
  from folded
  cross join begun
)
select
  actor_name as actor, way, eventsource as service, eventname as action, changes, by_pipelines, is_new, ip, a_user_agent, a_few_resources, account, regions,
  first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
