-- title: Changes of trust policies
-- question: Which roles got a new trust policy, whom does it trust, and is that somebody outside?
-- sources: cloudtrail, config_items
-- attack: T1098.001, T1098.003, T1199
-- parameter: role text = null
-- parameter: only_outside boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about role: part of the name or ARN of the role; null means every role
-- about only_outside: true leaves statements out that trust only the own account and AWS services
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: CloudTrail shows the policy that was sent, and only Config shows what stood there before; a row of Config is a statement that the state of the role before did not have.
-- trap: The actor of a row of Config is the caller at the root of the chain of the call that explains the change best, as in config_attribution; class says how sure that is. The actor of a call is the session that made it.
-- trap: A request without a readable policy is listed with the statement {}.
-- trap: The first state of a role in Config has nothing to be compared with; before_known is false there.
-- trap: A trusted outside account can be held back by conditions such as sts:ExternalId; read the column statement.
-- trap: A principal written as AROA… or AIDA… belongs to a user or role that was deleted.
-- next: privilege_escalation/assume_role_edges
-- next: initial_access/outside_accounts
-- next: config/resource_history
with calls as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account,
    arrow_cast(json_as_text(requestparameters, 'roleName'), 'Utf8View') as role_name,
    eventname as change, useridentity.arn as actor, useridentity.accesskeyid as access_key, sourceipaddress as ip,
    error_class, cast(null as text) as class, false as before_known,
    coalesce(
      json_as_text(requestparameters, 'policyDocument'),
      json_as_text(requestparameters, 'assumeRolePolicyDocument')
    ) as document
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and eventname in ('UpdateAssumeRolePolicy', 'CreateRole')
    and event_time between $from and $to
), sent as (
  select
    *,
    unnest(json_get_array(case
      when starts_with(trim(json_get_json(document, 'Statement')), '[') then json_get_json(document, 'Statement')
      when json_get_json(document, 'Statement') is not null then concat('[', json_get_json(document, 'Statement'), ']')
      else '[{}]'
    end)) as statement
  from calls
), captured as (
  select
    p.evidence_object, p.evidence_record, p.valid_from as event_time, 'config_items' as source, p.awsaccountid as account,
    p.resourcename as role_name, s.configurationitemstatus as change, a.actor, c.useridentity_accesskeyid as access_key,
    a.sourceipaddress as ip, cast(null as text) as error_class, a.class, s.changes is not null as before_known, p.effect,
    array_to_string(p.principals, ', ') as principals, p.conditions,
    concat_ws(' ', p.sid, p.effect, array_to_string(p.actions, ', '), 'to', array_to_string(p.principals, ', '),
      case when array_length(p.notprincipals) > 0 then concat('all but ', array_to_string(p.notprincipals, ', ')) end,
      case when p.conditions is not null then concat('if ', p.conditions) end) as statement
  from policy_statements p
  join config_states s
    on s.evidence_object = p.evidence_object and s.evidence_record = p.evidence_record
    and s.resourcetype = p.resourcetype and s.valid_from = p.valid_from
  left join config_attribution a
    on a.evidence_object = p.evidence_object and a.evidence_record = p.evidence_record
    and a.resourcetype = p.resourcetype and a.configurationitemcapturetime = p.valid_from
  left join lake.cloudtrail c
    on c.evidence_object = a.event_object and c.evidence_record = a.event_record
  where p.resourcetype = 'AWS::IAM::Role' and lower(p.path) like '%assumerolepolicydocument%'
    and p.valid_from between $from and $to
), listed as (
  select
    evidence_object, evidence_record, event_time, source, account, role_name, change, actor, access_key, ip, error_class,
    class, json_as_text(statement, 'Effect') as effect, json_get_json(statement, 'Principal') as principals,
    json_get_json(statement, 'Condition') as conditions, before_known, statement
  from sent
  union all
  select
    evidence_object, evidence_record, event_time, source, account, role_name, change, actor, access_key, ip, error_class,
    class, effect, principals, conditions, before_known, statement
  from captured
), judged as (
  select
    *,
    coalesce(effect = 'Allow' and (
      principals ~ '(^|")\*("|$)'
      or replace(principals, coalesce(account, '-'), '') ~ '(^|[^0-9])[0-9]{12}([^0-9]|$)'
      or principals ~ '(^|[" ])Federated'
    ), false) as outside
  from listed
)
select
  evidence_object, evidence_record, event_time, source, account, role_name, change, class, actor, access_key, ip, error_class,
  effect, principals, conditions, outside, before_known, statement
from judged
where ($role is null or strpos(role_name, $role) > 0 or strpos($role, concat('/', role_name)) > 0)
  and ($only_outside = false or outside)
order by event_time, source, evidence_object, evidence_record, statement
