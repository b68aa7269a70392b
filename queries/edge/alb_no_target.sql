-- title: Requests that reached no target
-- question: Which requests did the load balancer answer itself, why, and from whom did they come?
-- sources: elb_access
-- attack: T1595.002, T1190
-- parameter: elb text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about elb: a part of the name of the load balancer; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A request that WAF blocked, a redirect and a fixed answer reach no target by design; a malformed one, or one without a healthy target, does not by fault.
-- trap: Requests without a host name that the site uses come from those who try addresses.
-- trap: The reason is read from the actions and the status; where neither tells, it says so.
-- next: edge/waf_rules_by_day
-- next: edge/alb_errors_by_target
-- next: edge/odd_hosts
with requests as (
  select
    account, elb, client_ip, request_host, request_path, request_verb, elb_status_code as status, actions_executed,
    lambda_error_reason, classification, user_agent, event_time, evidence_object, evidence_record,
    case
      when actions_executed like '%waf-failed%' then 'WAF failed'
      when actions_executed like '%waf%' and actions_executed not like '%forward%' and elb_status_code = 403 then 'blocked by WAF'
      when actions_executed like '%redirect%' then 'redirected'
      when actions_executed like '%fixed-response%' then 'fixed answer'
      when actions_executed like '%authenticate%' then 'login asked for'
      when classification = 'Severe' then 'desync: severe'
      when elb_status_code = 503 then 'no target could take it'
      when elb_status_code = 502 then 'connection to the target failed'
      when elb_status_code = 504 then 'target too slow'
      when elb_status_code = 460 then 'client left'
      when elb_status_code in (400, 405, 408, 414, 463, 464) then 'request malformed or cut off'
      else 'not told'
    end as reason
  from elb_access
  where event_time between $from and $to
    and target_ip is null
    and target_status_code is null
    and coalesce(lb_type, '') <> 'net'
    and ($elb is null or strpos(elb, $elb) > 0)
)
select
  account,
  elb,
  reason,
  status,
  client_ip as ip,
  count(*) as requests,
  count(distinct request_path) as paths,
  min(request_path) as a_path,
  min(request_host) as a_host,
  min(request_verb) as a_method,
  min(actions_executed) as actions,
  min(lambda_error_reason) as an_error_reason,
  min(user_agent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from requests
group by account, elb, reason, status, client_ip
order by requests desc, first_time, elb nulls first, reason, status nulls first, ip nulls first, account nulls first
