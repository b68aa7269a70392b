-- title: WAF rules and what they did, by day
-- question: Which rules matched on which day, what was done then, and was that more than usual?
-- sources: waf
-- attack: T1190, T1595.002
-- parameter: rule text = null
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about rule: a part of the rule's name; null means every rule
-- about top: how many lines where no rule is given, furthest above the usual day first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A rule that counts lets the request go on: ended_allow says how many of its requests were allowed in the end.
-- trap: A request stands in a line for each rule that it matched, so lines do not add up to requests.
-- trap: WAF logs may be filtered or sampled by their configuration; then most requests that were allowed are missing.
-- trap: Rules inside a rule group are named group/rule; with the rule that decided only where the log names it.
-- trap: The usual day is the median over the days on which the rule matched at all (days_seen).
-- next: edge/waf_blocked_then_allowed
-- next: edge/attack_strings
with requests as (
  select
    account, webaclid, action, error_class, terminatingruleid, terminatingruletype, terminatingrule_in_group,
    httprequest_clientip as client_ip, httprequest_uri, event_time, evidence_object, evidence_record,
    nonterminatingmatchingrules, rulegrouplist
  from waf
), counted as (
  select *, unnest(json_get_array(nonterminatingmatchingrules)) as one
  from requests
  where nonterminatingmatchingrules is not null and nonterminatingmatchingrules <> '[]'
), groups as (
  select *, unnest(json_get_array(rulegrouplist)) as rule_group
  from requests
  where rulegrouplist is not null and rulegrouplist <> '[]'
), in_groups as (
  select *, unnest(json_get_array(json_get_json(rule_group, 'nonTerminatingMatchingRules'))) as one
  from groups
), matches as (
  select
    account, webaclid,
    arrow_cast(case when terminatingrule_in_group is null then terminatingruleid else concat(terminatingruleid, '/', terminatingrule_in_group) end, 'Utf8View') as rule,
    arrow_cast(action, 'Utf8View') as done,
    action, client_ip, httprequest_uri, event_time, evidence_object, evidence_record
  from requests
  where terminatingruleid is not null and terminatingruleid <> '-'
  union all
  select
    account, webaclid, arrow_cast(json_as_text(one, 'ruleId'), 'Utf8View') as rule,
    arrow_cast(json_as_text(one, 'action'), 'Utf8View') as done,
    action, client_ip, httprequest_uri, event_time, evidence_object, evidence_record
  from counted
  union all
  select
    account, webaclid,
    arrow_cast(concat(json_as_text(rule_group, 'ruleGroupId'), '/', json_as_text(one, 'ruleId')), 'Utf8View') as rule,
    arrow_cast(json_as_text(one, 'action'), 'Utf8View') as done,
    action, client_ip, httprequest_uri, event_time, evidence_object, evidence_record
  from in_groups
), daily as (
  select
    account, webaclid, rule, done, date_trunc('day', event_time) as day,
    count(*) as requests,
    count(distinct client_ip) as clients,
    count(*) filter (where action = 'ALLOW') as ended_allow,
    min(client_ip) as a_client,
    min(httprequest_uri) as a_path,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from matches
  where event_time is not null
    and ($rule is null or strpos(rule, $rule) > 0)
  group by account, webaclid, rule, done, date_trunc('day', event_time)
), weighed as (
  select
    account, webaclid, rule, done,
    cast(median(cast(requests as double)) as double) as usual_requests,
    count(*) as days_seen
  from daily
  group by account, webaclid, rule, done
), ranked as (
  select
    daily.*,
    weighed.usual_requests,
    weighed.days_seen,
    row_number() over (
      order by daily.rule = 'Default_Action', daily.requests / weighed.usual_requests desc, daily.requests desc, daily.day,
        daily.webaclid nulls first, daily.rule, daily.done nulls first, daily.account nulls first
    ) as rank,
    count(*) over () as of_lines
  from daily
  join weighed
    on (weighed.account is not distinct from daily.account) and (weighed.webaclid is not distinct from daily.webaclid)
    and (weighed.rule is not distinct from daily.rule) and (weighed.done is not distinct from daily.done)
  where daily.last_time >= $from and daily.first_time <= $to
)
select
  day,
  account,
  webaclid as web_acl,
  rule,
  done,
  requests,
  usual_requests,
  round(requests / usual_requests, 2) as times_usual,
  days_seen,
  clients,
  ended_allow,
  a_client,
  a_path,
  first_time,
  last_time,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $rule is not null or $top is null or rank <= $top
order by rank
