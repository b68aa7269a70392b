-- title: Commands as root
-- question: Which commands were run with sudo or su, by whom and on which host?
-- sources: cloudwatch_logs
-- attack: T1548.003, T1059.004
-- parameter: user text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the user who ran it; null means every user
-- about top: how many lines where no user is given, the rarest programs first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only what went through sudo or su is here; in a shell that was opened with `sudo -s` or `sudo su` nothing more is logged.
-- trap: A refused command is listed with allowed false.
-- trap: A command line can hold passwords; it stands here as it was logged.
-- trap: times_of_program counts the program in all collected lines of that log group; a rare one is not bad by itself.
-- trap: Whoever is root can write or remove such lines.
-- next: host/ssh_logins
-- next: persistence/host_users
with found as (
  select
    *,
    case when message like '%sudo%' then 'sudo' else 'su' end as tool
  from cloudwatch_logs
  where (message like '%sudo%' and message like '%COMMAND=%')
    or regexp_like(message, '(^|[^a-z])su(\[[0-9]+\])?: ')
), parsed as (
  select
    *,
    case when tool = 'sudo' then regexp_replace(message, '(?s)^.*sudo(?:\[[0-9]+\])?: +([^ ]+) : .*$', '\1') else regexp_replace(message, '(?s)^.*(?:by |for user [^ ]+ by |on [^ ]+ by )([^ ()]+).*$', '\1') end as by_user,
    case when tool = 'sudo' then regexp_replace(message, '(?s)^.* USER=([^ ]+) .*$', '\1') end as as_user,
    case when tool = 'sudo' then regexp_replace(message, '(?s)^.*? COMMAND=', '') else message end as command
  from found
), counted as (
  select
    *,
    split_part(command, ' ', 1) as program,
    count(*) over (partition by account, log_group, split_part(command, ' ', 1)) as times_of_program
  from parsed
), ranked as (
  select
    *,
    row_number() over (order by times_of_program, event_time desc, evidence_object, evidence_record) as rank,
    count(*) over () as of_lines
  from counted
  where event_time between $from and $to
    and ($user is null or by_user = $user)
)
select
  evidence_object, evidence_record, event_time, account, region, log_group, log_stream, tool, by_user, as_user, command,
  not regexp_like(message, 'command not allowed|NOT in sudoers|incorrect password|FAILED|authentication failure') as allowed,
  times_of_program, of_lines
from ranked
where $user is not null or $top is null or rank <= $top
order by event_time, evidence_object, evidence_record
