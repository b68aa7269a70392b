-- title: Who or what is this id
-- question: To whom or what does this key, unique id, account, instance, interface, address or ARN belong, by all that the evidence says of it?
-- sources: cloudtrail, config_items
-- attack: T1078
-- parameter: id text = null
-- parameter: top integer = 50
-- about id: an access key, unique id (AROA…, AIDA…), account, resource id, address or part of an ARN; null means all keys and unique ids, long-lived ones and the newest first
-- about top: how many lines where no id is given; null means all
-- trap: Without an id only as many lines are shown as top says; of_lines tells how many there are.
-- trap: account_in_key is the account that is written in the key itself (keys since 2019); it holds also for keys that were never used here.
-- trap: Names are used again: a user or role that was made anew under an old name has another unique id, and an address belongs to many over time; read first_time and last_time.
-- trap: Config names resources only of the types that it recorded, as of its last item in the evidence.
-- trap: Whose an outside account is, no log here says.
-- next: triage/key_activity
-- next: config/resource_history
-- next: privilege_escalation/session_roots
with calls as (
  select
    useridentity.accesskeyid as access_key,
    split_part(useridentity.principalid, ':', 1) as unique_id,
    useridentity.type as actor_type,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) as arn,
    useridentity.accountid as owner_account,
    event_time, evidence_object, evidence_record
  from cloudtrail
), made as (
  select
    json_as_text(responseelements, 'accessKey', 'accessKeyId') as access_key,
    coalesce(json_as_text(responseelements, 'accessKey', 'userName'), useridentity.username) as for_user,
    account, event_time, evidence_object, evidence_record, useridentity.arn as maker
  from cloudtrail
  where eventname = 'CreateAccessKey' and error_class = 'success'
), told as (
  select
    access_key as id, 'access key in use' as kind, coalesce(arn, unique_id) as name, actor_type as detail, owner_account as account,
    count(*) as events, min(event_time) as first_time, max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where access_key <> ''
  group by access_key, coalesce(arn, unique_id), actor_type, owner_account
  union all
  select
    unique_id as id, 'unique id' as kind, arn as name, actor_type as detail, owner_account as account,
    count(*) as events, min(event_time) as first_time, max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where unique_id ~ '^(AIDA|AROA|AGPA|ANPA|AIPA)'
  group by unique_id, arn, actor_type, owner_account
  union all
  select
    access_key as id, 'access key made' as kind, for_user as name, concat('made by ', maker) as detail, account,
    cast(1 as bigint) as events, event_time as first_time, event_time as last_time, evidence_object, evidence_record
  from made
  where access_key is not null
  union all
  select
    owner_account as id, 'account of callers' as kind, cast(null as text) as name, concat(cast(count(distinct unique_id) as text), ' principals') as detail,
    owner_account as account, count(*) as events, min(event_time) as first_time, max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where owner_account is not null
  group by owner_account
  union all
  select
    resourceid as id, 'resource in Config' as kind, coalesce(resourcename, arn) as name, concat(resourcetype, ', ', state) as detail, awsaccountid as account,
    cast(1 as bigint) as events, valid_from as first_time, coalesce(valid_to, last_confirmed, valid_from) as last_time, evidence_object, evidence_record
  from config_states
  union all
  select
    ip as id, 'address' as kind, owner as name, concat(owner_kind, ', by ', basis) as detail, account,
    cast(1 as bigint) as events, valid_from as first_time, coalesce(valid_to, last_confirmed, valid_from) as last_time, evidence_object, evidence_record
  from ip_owner
), ranked as (
  select
    *,
    row_number() over (
      order by $id is null and starts_with(id, 'ASIA'), first_time desc, kind, id, name nulls first, detail nulls first, account nulls first, evidence_object, evidence_record
    ) as rank,
    count(*) over () as of_lines
  from told
  where case
      when $id is null then kind in ('access key in use', 'unique id', 'access key made')
      else id = $id or name = $id or (length($id) >= 5 and strpos(name, $id) > 0)
    end
)
select
  id, kind, name, detail, account, key_account(id) as account_in_key, events, first_time, last_time, evidence_object, evidence_record, of_lines
from ranked
where $id is not null or $top is null or rank <= $top
order by rank
