-- title: Each account month by month
-- question: How many events, changes, refusals, actors, firsts, logins, new keys, state changes, openings and findings did each account have in each month?
-- sources: cloudtrail, config_items, guardduty
-- parameter: account text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about account: the account; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The first and last month of the evidence are seldom whole; days_with_events says how much of a month is there. Months are those of UTC.
-- trap: first_evers counts what an actor did for the first time in the collected history; in the first month nearly everything is first.
-- trap: Numbers of accounts and months are to be compared only where the same logs were collected.
-- trap: A call that two accounts recorded counts in both.
-- next: evidence/coverage
-- next: triage/accounts_regions
with months as (
  select
    date_trunc('month', event_time) as month, account,
    count(*) as events,
    count(distinct date_trunc('day', event_time)) as days_with_events,
    count(*) filter (where coalesce(is_write, true) and error_class = 'success') as changes,
    count(*) filter (where error_class = 'denied') as denied,
    count(*) filter (where eventcategory = 'Data') as data_events,
    count(distinct coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn)) as actors,
    count(distinct sourceipaddress) as ips,
    count(distinct region) as regions,
    count(distinct concat(eventsource, ':', eventname)) as actions,
    count(*) filter (where eventname = 'ConsoleLogin' and error_class = 'success') as console_logins,
    count(*) filter (where eventname = 'ConsoleLogin' and error_class <> 'success') as failed_logins,
    count(*) filter (where useridentity.type = 'Root') as root_events,
    count(*) filter (where eventname in ('CreateAccessKey', 'CreateUser', 'CreateLoginProfile') and error_class = 'success') as new_credentials,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from cloudtrail
  where account is not null
    and event_time between $from and $to
  group by 1, 2
), firsts as (
  select date_trunc('month', f.first_time) as month, c.account, count(*) as first_evers
  from first_seen f
  join cloudtrail c on c.evidence_object = f.evidence_object and c.evidence_record = f.evidence_record
  where f.scope = 'actor'
    and f.first_time > f.history_from
  group by 1, 2
), config as (
  select date_trunc('month', configurationitemcapturetime) as month, awsaccountid as account, count(*) as state_changes, count(*) filter (where class = 'none found') as without_call
  from config_attribution
  where configurationitemcapturetime between $from and $to
  group by 1, 2
), opened as (
  select date_trunc('month', valid_from) as month, awsaccountid as account, count(*) as openings
  from exposures
  where valid_from between $from and $to
  group by 1, 2
), found as (
  select date_trunc('month', event_time) as month, account, count(distinct id) as findings, max(severity) as worst
  from guardduty
  where event_time between $from and $to
  group by 1, 2
)
select
  m.month, m.account, m.days_with_events, m.events, m.changes, m.denied, m.data_events, m.actors, m.ips, m.regions, m.actions, coalesce(f.first_evers, 0) as first_evers, m.console_logins,
  m.failed_logins, m.root_events, m.new_credentials, coalesce(c.state_changes, 0) as state_changes, coalesce(c.without_call, 0) as without_call, coalesce(o.openings, 0) as openings,
  coalesce(g.findings, 0) as findings, g.worst as worst_severity, m.evidence_object, m.evidence_record
from months m
left join firsts f on f.month = m.month and f.account = m.account
left join config c on c.month = m.month and c.account = m.account
left join opened o on o.month = m.month and o.account = m.account
left join found g on g.month = m.month and g.account = m.account
where $account is null or m.account = $account
order by m.month, m.account
