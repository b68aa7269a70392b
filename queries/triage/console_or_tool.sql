-- title: Console, command line, SDK or service
-- question: How did each principal call: through the console, a command line, an SDK, infrastructure as code, or a service, and is the way new for it?
-- sources: cloudtrail
-- attack: T1078.004, T1059.009
-- parameter: actor text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the ARN or unique id; null means everybody
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The user agent is written by the caller; sessionCredentialFromConsole is AWS's own word, but older events and many services do not have it.
-- trap: The console calls services with user agents of many kinds; family then is what the agent says and from_console what AWS says.
-- trap: One line for each principal, way and address; those that were new after the quiet_days first.
-- trap: Anonymous requests and events without a caller (insights) are left out.
-- trap: A way is new also where a person updated a tool from one family to another.
-- next: triage/user_agents
-- next: triage/human_activity
-- next: execution/cloudshell_use
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as actor_name,
    case
      when useridentity.invokedby is not null or useridentity.type = 'AWSService' or ip_kind(sourceipaddress) = 'none' then 'aws-service'
      else ua_family(useragent)
    end as family,
    case when useridentity.invokedby is not null then useridentity.invokedby else sourceipaddress end as place
  from cloudtrail
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), ways as (
  select *, min(event_time) over (partition by actor_name, family) as first_of_way
  from calls
), folded as (
  select
    actor_name, family, account, place, coalesce(sessioncredentialfromconsole, false) as from_console,
    min(first_of_way) as first_of_way,
    count(*) as events,
    count(*) filter (where is_write and error_class = 'success') as writes,
    count(*) filter (where error_class = 'denied') as denied,
    count(distinct useragent) as user_agents,
    min(useragent) as a_user_agent,
    count(distinct useridentity.accesskeyid) as keys,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from ways
  where event_time between $from and $to
    and actor_name <> ''
    and ($actor is null
      or useridentity.accesskeyid = $actor
      or strpos(useridentity.arn, $actor) > 0
      or strpos(useridentity.principalid, $actor) > 0
      or strpos(actor_name, $actor) > 0)
  group by actor_name, family, account, place, coalesce(sessioncredentialfromconsole, false)
)
select
  folded.actor_name as actor, folded.family, folded.from_console, folded.first_of_way >= begun.quiet_until as is_new, folded.place, folded.events,
  folded.writes, folded.denied, folded.user_agents, folded.a_user_agent, folded.keys, folded.account, folded.first_time, folded.last_time,
  folded.evidence_object, folded.evidence_record
from folded
cross join begun
order by is_new desc, actor nulls first, family nulls first, folded.first_time, folded.place nulls first, folded.account nulls first, folded.from_console
