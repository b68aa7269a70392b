-- title: Changes of trust policies
-- question: Which roles got a new trust policy, whom does it trust, and is that somebody outside?
-- sources: cloudtrail, config_items
-- attack: T1098.001, T1098.003, T1199
-- parameter: role text = null
-- parameter: only_outside boolean = false
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about role: part of the name or ARN of the role; null means every role
-- about only_outside: true leaves statements out that trust only the own account and AWS services
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: CloudTrail shows the policy that was sent, and only Config shows what stood there before; a row of Config is a statement that its previous item of the role did not have.
-- trap: Config is compared as text, statement by statement: a statement written anew in another order counts as new.
-- trap: A request without a readable policy is listed with the statement {}.
-- trap: The first item of a role in Config has nothing to be compared with; before_known is false there.
-- trap: Config repeats items in snapshots and, for IAM, in several regions; they are counted once.
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
    error_class, cast(null as text) as before,
    coalesce(
      json_as_text(requestparameters, 'policyDocument'),
      json_as_text(requestparameters, 'assumeRolePolicyDocument')
    ) as document
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and eventname in ('UpdateAssumeRolePolicy', 'CreateRole')
    and event_time between $since and $until
), items as (
  select
    *,
    json_as_text(configuration, 'assumeRolePolicyDocument') as document,
    row_number() over (
      partition by account, resourceid, event_time, configurationstateid
      order by case when item_source = 'history' then 0 else 1 end, evidence_object, evidence_record
    ) as copy
  from config_items
  where resourcetype = 'AWS::IAM::Role'
    and configuration is not null
), states as (
  select
    *,
    lag(document) over (
      partition by account, resourceid order by event_time, configurationstateid, evidence_object, evidence_record
    ) as before
  from items
  where copy = 1
), changed as (
  select * from calls
  union all
  select
    evidence_object, evidence_record, event_time, 'config_items' as source, account, resourcename as role_name,
    configurationitemstatus as change, cast(null as text) as actor, cast(null as text) as access_key,
    cast(null as text) as ip, error_class, before, document
  from states
  where (document is distinct from before)
    and event_time between $since and $until
), listed as (
  select
    *,
    case
      when starts_with(trim(json_get_json(document, 'Statement')), '[') then json_get_json(document, 'Statement')
      when json_get_json(document, 'Statement') is not null then concat('[', json_get_json(document, 'Statement'), ']')
      else '[{}]'
    end as statements
  from changed
), split as (
  select *, unnest(json_get_array(statements)) as statement
  from listed
), judged as (
  select
    *,
    json_as_text(statement, 'Effect') as effect,
    json_get_json(statement, 'Principal') as principals,
    json_get_json(statement, 'Condition') as conditions
  from split
)
select
  evidence_object,
  evidence_record,
  event_time,
  source,
  account,
  role_name,
  change,
  actor,
  access_key,
  ip,
  error_class,
  effect,
  principals,
  conditions,
  coalesce(effect = 'Allow' and (
    principals ~ '"\*"'
    or replace(principals, coalesce(account, '-'), '') ~ '(^|[^0-9])[0-9]{12}([^0-9]|$)'
    or principals ~ '"Federated"'
  ), false) as outside,
  source = 'config_items' and before is not null as before_known,
  statement
from judged
where (source = 'cloudtrail' or before is null or strpos(before, statement) = 0)
  and ($role is null or strpos(role_name, $role) > 0 or strpos($role, concat('/', role_name)) > 0)
  and (
    $only_outside = false
    or effect = 'Allow' and (
      principals ~ '"\*"'
      or replace(principals, coalesce(account, '-'), '') ~ '(^|[^0-9])[0-9]{12}([^0-9]|$)'
      or principals ~ '"Federated"'
    )
  )
order by event_time, source, evidence_object, evidence_record, statement
