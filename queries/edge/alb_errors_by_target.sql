-- title: Errors of a load balancer by target
-- question: Which targets answered with errors, how often and how slowly, and was the error the target's or the load balancer's?
-- sources: elb_access
-- attack: T1499, T1190
-- parameter: elb text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about elb: a part of the name of the load balancer; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A status of the load balancer without one of the target was made by the load balancer: 502 bad answer, 503 no healthy target, 504 too slow, 460 the client left, 403 WAF.
-- trap: A target time of -1 means that no answer came; such requests are not in the seconds here.
-- trap: Targets are addresses, which are used again: network/address_owner says whose it was.
-- trap: The log is best effort, so the numbers are lower bounds.
-- next: edge/alb_no_target
-- next: edge/error_storms
-- next: network/address_owner
with requests as (
  select
    account, elb, target_group_arn, target_ip, target_port, elb_status_code as status, target_status_code as target_status,
    client_ip, case when target_processing_time >= 0 then target_processing_time end as seconds, request_path, lambda_error_reason,
    date_trunc('day', event_time) as day, event_time, evidence_object, evidence_record
  from elb_access
  where event_time between $from and $to
    and (target_ip is not null or target_status_code is not null)
    and ($elb is null or strpos(elb, $elb) > 0)
)
select
  account,
  elb,
  target_group_arn as target_group,
  concat(target_ip, ':', cast(target_port as text)) as target,
  day,
  count(*) as requests,
  count(*) filter (where target_status >= 500) as target_5xx,
  count(*) filter (where target_status between 400 and 499) as target_4xx,
  count(*) filter (where status >= 500 and target_status is null) as balancer_5xx,
  count(*) filter (where status between 400 and 499 and target_status is null) as balancer_4xx,
  round(100.0 * count(*) filter (where status >= 400) / count(*), 1) as error_percent,
  round(avg(seconds), 3) as mean_seconds,
  round(max(seconds), 3) as longest_seconds,
  count(distinct client_ip) filter (where status >= 400) as clients_with_errors,
  min(request_path) filter (where status >= 500) as a_path_of_5xx,
  min(lambda_error_reason) as an_error_reason,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by status >= 500 desc, status >= 400 desc, event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by status >= 500 desc, status >= 400 desc, event_time, evidence_object, evidence_record) as evidence_record
from requests
group by account, elb, target_group_arn, concat(target_ip, ':', cast(target_port as text)), day
having count(*) filter (where status >= 400) > 0
order by target_5xx + balancer_5xx desc, error_percent desc, day, elb nulls first, target_group nulls first, target nulls first, account nulls first
