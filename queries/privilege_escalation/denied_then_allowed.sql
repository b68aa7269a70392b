-- title: Denied, then allowed
-- question: Which actions were denied to a principal and succeeded later, and which change of rights in that account lies between?
-- sources: cloudtrail
-- attack: T1098.003, T1548.005
-- parameter: hours integer = 48
-- parameter: every boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the denial a success still counts
-- about every: true lists actions, too, that had been allowed before the denial and without a change of rights in between
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: That a change lies between does not say that it was the cause; read it. rights_changed counts changes of IAM, and of policies of that service's resources, in that account, with the last one before the success as example.
-- trap: An action can be allowed for one resource and denied for another; the resources are not compared.
-- trap: A change in another account (an organisation's guardrail, a policy of a foreign bucket) or in hours whose logs are missing is not seen.
-- trap: One line for each principal and action: the last denial before the first success after it.
-- trap: Without every, an action that the principal had done before the denial is left out where no rights were changed: single refusals are daily business.
-- trap: A principal here is the role or user, whatever its session; a step into another role is another principal.
-- next: privilege_escalation/admin_policies
-- next: triage/failed_actions
-- next: privilege_escalation/boundaries_and_groups
with calls as (
  select
    account, coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor, eventsource, eventname,
    error_class, event_time, evidence_object, evidence_record, sourceipaddress
  from cloudtrail
  where error_class in ('success', 'denied')
    and useridentity.invokedby is null
    and coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) is not null
    and event_time between $from and $to
), followed as (
  select
    *,
    last_value(case when error_class = 'denied' then event_time end) ignore nulls over earlier as denied_at,
    last_value(case when error_class = 'denied' then evidence_object end) ignore nulls over earlier as denied_object,
    last_value(case when error_class = 'denied' then evidence_record end) ignore nulls over earlier as denied_record,
    count(*) filter (where error_class = 'denied') over earlier as denials_before,
    count(*) filter (where error_class = 'success') over earlier as successes_before
  from calls
  window earlier as (
    partition by account, actor, eventsource, eventname order by event_time, evidence_object, evidence_record
    rows between unbounded preceding and 1 preceding
  )
), firsts as (
  select
    *,
    row_number() over (partition by account, actor, eventsource, eventname order by event_time, evidence_object, evidence_record) as nth
  from followed
  where error_class = 'success' and denied_at is not null
    and event_time <= denied_at + cast(concat(cast($hours as text), ' hours') as interval)
), changes as (
  select account, event_time, eventsource, eventname, useridentity.arn as changed_by, evidence_object as change_object, evidence_record as change_record
  from cloudtrail
  where error_class = 'success'
    and eventname in (
      'AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy', 'PutUserPolicy', 'PutRolePolicy', 'PutGroupPolicy', 'CreatePolicyVersion',
      'SetDefaultPolicyVersion', 'AddUserToGroup', 'DeleteUserPermissionsBoundary', 'DeleteRolePermissionsBoundary', 'PutRolePermissionsBoundary',
      'PutUserPermissionsBoundary', 'DetachUserPolicy', 'DetachRolePolicy', 'DetachGroupPolicy', 'DeleteUserPolicy', 'DeleteRolePolicy',
      'UpdateAssumeRolePolicy', 'PutBucketPolicy', 'DeleteBucketPolicy', 'PutKeyPolicy', 'CreateGrant', 'PutResourcePolicy', 'DetachPolicy',
      'DeleteBucketPublicAccessBlock', 'CreateAccountAssignment', 'PutInlinePolicyToPermissionSet', 'AttachManagedPolicyToPermissionSet'
    )
), between_them as (
  select
    firsts.evidence_object, firsts.evidence_record,
    count(*) as rights_changed,
    last_value(changes.eventname order by changes.event_time, changes.change_object, changes.change_record) as last_change,
    last_value(changes.changed_by order by changes.event_time, changes.change_object, changes.change_record) as changed_by,
    last_value(changes.event_time order by changes.event_time, changes.change_object, changes.change_record) as changed_at,
    last_value(changes.change_object order by changes.event_time, changes.change_object, changes.change_record) as change_object,
    last_value(changes.change_record order by changes.event_time, changes.change_object, changes.change_record) as change_record
  from firsts
  join changes on changes.account = firsts.account and changes.event_time >= firsts.denied_at and changes.event_time <= firsts.event_time
    and changes.eventsource in ('iam.amazonaws.com', 'sso.amazonaws.com', 'organizations.amazonaws.com', firsts.eventsource)
  where firsts.nth = 1
  group by firsts.evidence_object, firsts.evidence_record
)
select
  firsts.account,
  firsts.actor,
  firsts.eventsource as service,
  firsts.eventname as action,
  firsts.denied_at,
  firsts.event_time as allowed_at,
  round((date_part('epoch', firsts.event_time) - date_part('epoch', firsts.denied_at)) / 60, 1) as minutes_between,
  firsts.denials_before,
  firsts.successes_before = 0 as never_allowed_before,
  coalesce(between_them.rights_changed, 0) as rights_changed,
  between_them.last_change,
  between_them.changed_by,
  between_them.changed_at,
  firsts.sourceipaddress as ip,
  firsts.evidence_object,
  firsts.evidence_record,
  firsts.denied_object,
  firsts.denied_record,
  between_them.change_object,
  between_them.change_record
from firsts
left join between_them on between_them.evidence_object = firsts.evidence_object and between_them.evidence_record = firsts.evidence_record
where firsts.nth = 1
  and ($every or between_them.rights_changed > 0 or firsts.successes_before = 0)
order by rights_changed > 0 desc, never_allowed_before desc, firsts.event_time, firsts.account nulls first, firsts.actor, service, action
