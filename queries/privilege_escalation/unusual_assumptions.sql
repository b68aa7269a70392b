-- title: Unusual steps into roles
-- question: Which roles took themselves, which root sessions were asked for, and which caller stepped into a role that it never took in the quiet days?
-- sources: cloudtrail
-- attack: T1548.005, T1078.004
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about quiet_days: a pair of caller and role is new when it was first seen later than this many days after the first event of the case
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A role that takes itself renews its credentials past the limits of a chain, or changes its session name; some SDKs do so by habit.
-- trap: AssumeRoot gives a short root session in a member account, for one task; it is asked for in the management account.
-- trap: New means new in the collected logs; people and pipelines that came later are new as well.
-- trap: One line for each caller and role; a step that both accounts recorded is counted once.
-- trap: Only steps whose answer or whose use is in the evidence are links here; refused ones are in privilege_escalation/assume_role_edges.
-- next: privilege_escalation/assume_role_edges
-- next: privilege_escalation/role_chains
-- next: triage/key_activity
with begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), steps as (
  select
    kind, event_time, evidence_object, evidence_record, rolesessionname, child_session,
    regexp_replace(parent, '^arn:([^:]*):sts::([0-9]*):assumed-role/([^/]+)/.*$', 'arn:\1:iam::\2:role/\3') as caller,
    coalesce(rolearn, regexp_replace(child, '^arn:([^:]*):sts::([0-9]*):assumed-role/([^/]+)/.*$', 'arn:\1:iam::\2:role/\3')) as role,
    row_number() over (
      partition by coalesce(sharedeventid, eventid), child_session
      order by case when parent like 'arn:%' then 0 else 1 end, evidence_object, evidence_record
    ) as copy
  from session_edges
  where kind in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot')
), folded as (
  select
    kind, caller, role,
    count(*) as steps,
    count(distinct child_session) as sessions,
    min(event_time) as first_time,
    max(event_time) as last_time,
    min(rolesessionname) as a_session_name,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from steps
  where copy = 1
  group by kind, caller, role
), judged as (
  select
    folded.*,
    case
      when kind = 'AssumeRoot' then 'root session asked for'
      when caller = role then 'role takes itself'
      when first_time >= begun.quiet_until then 'new pair'
    end as why
  from folded
  cross join begun
)
select
  why, kind, caller, role, coalesce(nullif(arn_account(caller), '') <> nullif(arn_account(role), ''), false) as cross_account, steps, sessions,
  a_session_name, first_time, last_time, evidence_object, evidence_record
from judged
where why is not null
  and last_time >= $from and first_time <= $to
order by why = 'new pair', cross_account desc, first_time, caller nulls first, role nulls first, kind
