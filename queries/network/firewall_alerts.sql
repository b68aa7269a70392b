-- title: Alerts of the network firewall
-- question: Which rules of AWS Network Firewall fired, for which host names and addresses, and were the packets let through?
-- sources: network_firewall
-- attack: T1071.001, T1573
-- parameter: name text = null
-- parameter: ip text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about name: a part of the host name (TLS SNI, HTTP host or DNS); null means all
-- about ip: an address or network at either end; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An alert with the action allowed was let through: it is a notice, not a defence.
-- trap: The host name of TLS is what the client wrote (SNI); it need not be the host it talked to.
-- trap: The firewall sees only what is routed through it.
-- trap: Rules that pass or drop without alert leave no line here; their flows stand in the flow log of the firewall, where that is on.
-- next: network/who_asked
-- next: network/names_and_flows
-- next: network/top_talkers
select
  min(event_time) as first_time,
  max(event_time) as last_time,
  count(*) as alerts,
  account,
  firewall_name as firewall,
  event_src_ip as source,
  event_dest_ip as destination,
  event_dest_port as port,
  coalesce(event_app_proto, lower(event_proto)) as protocol,
  hostname as host_name,
  event_alert_signature_id as rule_id,
  event_alert_signature as rule,
  event_alert_category as category,
  event_alert_severity as severity,
  event_alert_action as rule_action,
  event_verdict_action as verdict,
  count(*) filter (where error_class = 'success') as let_through,
  count(*) filter (where error_class = 'denied') as stopped,
  min(coalesce(event_http_http_user_agent, event_tls_ja3_hash)) as a_client,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from network_firewall
where (log_type = 'alert' or event_event_type = 'alert' or log_type = 'tls')
  and event_time between $from and $to
  and ($name is null or strpos(lower(hostname), lower($name)) > 0)
  and ($ip is null or event_src_ip = $ip or event_dest_ip = $ip or ip_in_cidr(event_src_ip, $ip) or ip_in_cidr(event_dest_ip, $ip))
group by account, firewall_name, event_src_ip, event_dest_ip, event_dest_port, coalesce(event_app_proto, lower(event_proto)),
  hostname, event_alert_signature_id, event_alert_signature, event_alert_category, event_alert_severity, event_alert_action,
  event_verdict_action
order by severity nulls last, first_time, firewall nulls first, source nulls first, destination nulls first, port nulls first,
  protocol nulls first, host_name nulls first, rule_id nulls first, rule nulls first, category nulls first,
  rule_action nulls first, verdict nulls first, account nulls first
