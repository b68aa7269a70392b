-- title: Users made on hosts
-- question: Which users and groups were made or changed on hosts, and which keys, services or timers added, by what the hosts' logs say?
-- sources: cloudwatch_logs
-- attack: T1136.001, T1098.004, T1053.003, T1543.002
-- parameter: user text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: part of the name that stands in the line; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Found by the words of useradd, groupadd, usermod, passwd, chage and userdel, and by sudo lines that run these or touch authorized_keys, sudoers, crontab or systemctl enable. What was written into a file by other means leaves no line.
-- trap: Packages make users of their own when they are installed.
-- trap: The same act can give several lines: the sudo line, one for the group and one for the user.
-- trap: Whoever is root can write or remove such lines.
-- next: host/commands
-- next: host/ssh_logins
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  log_group,
  log_stream,
  case
    when message like '%new user:%' then 'user made'
    when message like '%new group:%' then 'group made'
    when regexp_like(message, 'userdel|delete user|removed group') then 'user or group removed'
    when regexp_like(message, 'password (changed|for)|chpasswd|passwd(\[[0-9]+\])?:') then 'password changed'
    when message like '%authorized_keys%' then 'keys touched'
    when regexp_like(message, 'useradd|adduser') then 'command that makes a user'
    when regexp_like(message, 'usermod|groupmod|gpasswd|to group') then 'user or group changed'
    else 'service, timer or sudoers touched'
  end as kind,
  message
from cloudwatch_logs
where event_time between $from and $to
  and (
    regexp_like(message, '(useradd|adduser|groupadd|usermod|groupmod|userdel|gpasswd|passwd|chpasswd)(\[[0-9]+\])?: ')
    or (message like '%COMMAND=%' and regexp_like(message, 'COMMAND=.*(useradd|adduser|usermod|userdel|passwd|authorized_keys|sudoers|visudo|crontab|systemctl enable|systemctl daemon-reload|/etc/cron)'))
  )
  and message not like '%gkr-pam%'
  and ($user is null or strpos(message, $user) > 0)
order by event_time desc, evidence_object, evidence_record
