-- title: Logins by SSH
-- question: Who logged in to which host by SSH, from which address, how often did it fail, and did it work after it had failed?
-- sources: cloudwatch_logs
-- attack: T1021.004, T1110
-- parameter: ip text = null
-- parameter: user text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: an address or a network; null means every address
-- about user: the user on the host; null means every user
-- about top: how many lines where neither is given, those that got in first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The lines are found by what sshd writes (Accepted, Failed, Invalid user, and a connection that ended before login); other servers and other words are not found, and a group that is not collected has none.
-- trap: Whoever is root on a host can write or stop these lines; the time is that of CloudWatch Logs, the time in the message that of the host.
-- trap: Accepted from a public address that was never refused stands before the rest: guessing fails often, a stolen key works at once.
-- trap: Somebody can send a user name that looks like a line of the log; the name is taken up to the last ` from `.
-- trap: Session Manager and EC2 Instance Connect leave other traces (ssm and ec2-instance-connect in CloudTrail).
-- next: host/commands
-- next: host/logins_while_open
-- next: triage/ip_activity
with lines as (
  select
    *,
    unnest(make_array(regexp_replace(message, '^.*sshd(-session)?(\[[0-9]+\])?: ', ''))) as said
  from cloudwatch_logs
  where event_time between $from and $to
    and message like '%sshd%'
    and (message like '%Accepted %' or message like '%Failed %' or message like '%Invalid user %' or message like '%[preauth]%')
), parsed as (
  select
    *,
    case
      when said like 'Accepted %' then 'accepted'
      when said like 'Failed %' then 'failed'
      when said like 'Invalid user %' then 'invalid'
      when said like 'Connection closed by %' or said like 'Connection reset by %' or said like 'Disconnected from %' then 'left'
    end as result,
    regexp_replace(said, '^(Accepted|Failed) ([^ ]+) for .*$', '\2') as method,
    nullif(regexp_replace(
      split_part(regexp_replace(said, E'\n.*$', ''), ' port ', 1),
      '^(?:(?:Accepted|Failed) [^ ]+ for (?:invalid user )?|Invalid user |Connection (?:closed|reset) by (?:(?:authenticating|invalid) user )?|Disconnected from (?:(?:authenticating|invalid) user )?)(?:(.*?) )??(?:from )?[^ ]*$',
      '\1'
    ), '') as user_name,
    regexp_replace(said, '^.*[ ]([0-9a-fA-F.:]+)( port [0-9]+.*)?$', '\1') as address
  from lines
), grouped as (
  select
    account, region, log_group, log_stream, address, user_name,
    count(*) filter (where result = 'accepted') as accepted,
    count(*) filter (where result = 'failed') as failed,
    count(*) filter (where result = 'invalid') as unknown_user,
    count(*) filter (where result = 'left') as left_before_login,
    array_to_string(array_sort(array_agg(distinct method) filter (where result in ('accepted', 'failed'))), ', ') as methods,
    min(event_time) filter (where result = 'accepted') as first_accepted,
    max(event_time) filter (where result = 'accepted') as last_accepted,
    min(event_time) as first_time,
    max(event_time) as last_time,
    coalesce(
      first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where result = 'accepted'),
      first_value(evidence_object order by event_time, evidence_object, evidence_record)
    ) as evidence_object,
    coalesce(
      first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where result = 'accepted'),
      first_value(evidence_record order by event_time, evidence_object, evidence_record)
    ) as evidence_record
  from parsed
  where result is not null
    and ($ip is null or ip_in_cidr(address, $ip))
    and ($user is null or user_name = $user)
  group by account, region, log_group, log_stream, address, user_name
), ranked as (
  select
    *,
    ip_is_private(address) as is_private,
    sum(failed) over (partition by address) as failed_of_address,
    row_number() over (
      order by accepted > 0 desc, coalesce(ip_is_private(address), false), failed + unknown_user desc, first_time, account nulls first, log_group nulls first,
        log_stream nulls first, address, user_name
    ) as rank,
    count(*) over () as of_lines
  from grouped
)
select
  address, is_private, user_name as user, accepted, failed, unknown_user, left_before_login, methods, first_accepted, last_accepted, first_time, last_time, failed_of_address,
  log_group, log_stream, account, region, evidence_object, evidence_record, of_lines
from ranked
where $ip is not null or $user is not null or $top is null or rank <= $top
order by rank
