-- title: Calls through VPC endpoints
-- question: Which calls went through a VPC endpoint to or by somebody of another account, and what did the endpoint refuse?
-- sources: cloudtrail
-- attack: T1537, T1567
-- parameter: endpoint text = null
-- parameter: only_strangers boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about endpoint: the id of the endpoint; null means every one
-- about only_strangers: true keeps what was refused, and calls whose caller is of another account than the endpoint
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A caller of another account inside one's own network is somebody who brought a foreign key: data can leave so without leaving a trace in one's own account's data events.
-- trap: Network activity events are logged only where they were switched on for that endpoint, and by default only what was refused (VpceAccessDenied).
-- trap: The same call can stand as a network activity event of the owner of the endpoint and as an event of the account of the caller or of the resource; here each is counted.
-- trap: Requests through an endpoint have a private address, and it is of the machine at that time: network/address_owner says whose.
-- next: network/address_owner
-- next: exfiltration/all_ways_out
select
  vpcendpointid as endpoint,
  vpcendpointaccountid as endpoint_account,
  useridentity.accountid as caller_account,
  coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as caller,
  coalesce(useridentity.accountid <> coalesce(vpcendpointaccountid, recipientaccountid), false) as stranger,
  eventsource as service,
  eventname as action,
  eventcategory as category,
  error_class,
  coalesce(errorcode, '') = 'VpceAccessDenied' as refused_by_endpoint,
  sourceipaddress as ip,
  count(*) as events,
  bool_or(coalesce(is_write, true)) as is_write,
  min(array_to_string(resources, ', ')) as some_resources,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from cloudtrail
where (vpcendpointid is not null or eventcategory = 'NetworkActivity')
  and event_time between $from and $to
  and ($endpoint is null or vpcendpointid = $endpoint)
  and (not $only_strangers or error_class = 'denied' or coalesce(useridentity.accountid <> coalesce(vpcendpointaccountid, recipientaccountid), false))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
order by stranger desc, first_time, endpoint nulls first, service nulls first, action nulls first, caller nulls first, error_class, ip nulls first, category nulls first,
  evidence_object, evidence_record
