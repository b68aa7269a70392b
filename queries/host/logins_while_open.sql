-- title: Logins while a port was open to the world
-- question: Who got in by SSH while a security group was open to the world, and was the address known before?
-- sources: cloudwatch_logs, config_items, cloudtrail
-- attack: T1021.004, T1133
-- parameter: group text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about group: the id of the security group; null means every group
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Which host has which group the logs of a host do not say: every login of the account's hosts in that time is listed. log_stream may be named after the instance; related resources of the group tell more (config related).
-- trap: Config captures a group minutes after the call; opened_by is the call that CloudTrail has for it and may be earlier than open_from.
-- trap: A login from a private address did not need the open port.
-- trap: known_before is true where the same address had logged in before the group was opened, as far back as the collected log goes.
-- trap: Where the log names no account, it is taken to be of any.
-- next: host/ssh_logins
-- next: host/commands
-- next: config/open_security_groups
with open_times as (
  select awsaccountid as account, awsregion as region, resourceid, resourcename, detail, valid_from, valid_to
  from exposures
  where kind = 'open_security_group'
    and ($group is null or resourceid = $group)
    and (regexp_like(detail, '(^| )(all|any)') or regexp_like(detail, '(^| )22( |$|,)') or regexp_like(detail, '-'))
), openers as (
  select
    account, region, groups.resourceid,
    max(event_time) as opened_at,
    last_value(actor order by event_time, actor) as actor
  from (select distinct account, region, resourceid, valid_from from open_times) groups
  join (
    select account as of_account, event_time, useridentity.arn as actor, json_as_text(requestparameters, 'groupId') as group_id
    from cloudtrail
    where eventname in ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules') and error_class = 'success'
  ) calls
    on calls.group_id = groups.resourceid
    and calls.event_time <= groups.valid_from and calls.event_time > groups.valid_from - interval '1 day'
  group by account, region, groups.resourceid
), accepted as (
  select
    evidence_object, evidence_record, event_time, account, region, log_group, log_stream, message,
    regexp_replace(message, '(?s)^.*Accepted [^ ]+ for (.*) from [^ ]+ port .*$', '\1') as user_name,
    regexp_replace(message, '(?s)^.* from ([0-9a-fA-F.:]+) port .*$', '\1') as address
  from cloudwatch_logs
  where message like '%sshd%' and message like '%Accepted % for % from %'
), placed as (
  select *, min(event_time) over (partition by account, log_group, address) as first_of_address
  from accepted
)
select
  placed.evidence_object,
  placed.evidence_record,
  placed.event_time,
  placed.address,
  ip_is_private(placed.address) as is_private,
  placed.user_name as user,
  placed.first_of_address < coalesce(openers.opened_at, open_times.valid_from) as known_before,
  open_times.resourceid as security_group,
  open_times.detail as open_for,
  openers.opened_at as opened_by_call,
  openers.actor as opened_by,
  open_times.valid_from as open_from,
  open_times.valid_to as open_until,
  placed.account,
  placed.log_group,
  placed.log_stream
from placed
join open_times
  on (placed.account is null or placed.account = open_times.account)
  and placed.event_time <= coalesce(open_times.valid_to, placed.event_time)
left join openers
  on openers.account = open_times.account and openers.region = open_times.region and openers.resourceid = open_times.resourceid
where placed.event_time >= coalesce(openers.opened_at, open_times.valid_from)
  and placed.event_time between $from and $to
order by is_private, known_before, placed.event_time, placed.evidence_object, placed.evidence_record, security_group, open_for, open_from
