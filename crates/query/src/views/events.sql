-- All sources as one: the common columns, and actor, action, target, address and user agent as each source has them.
select
  evidence_object, evidence_record, evidence_offset, event_time, 'cloudtrail' as source, account, region,
  coalesce(useridentity_arn, useridentity_sessioncontext_sessionissuer_arn, useridentity_principalid, useridentity_invokedby, useridentity_type) as actor,
  concat(coalesce(eventsource, ''), ':', coalesce(eventname, eventcategory, '')) as action,
  resources[1] as target,
  sourceipaddress as ip, useragent as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.cloudtrail
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 's3_access' as source, account, region,
  coalesce(requester, 'anonymous') as actor, operation as action,
  case when key_decoded is null then bucket_name else concat(bucket_name, '/', key_decoded) end as target,
  remoteip as ip, useragent as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.s3_access
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'cloudfront' as source, account, region,
  c_ip as actor, cs_method as action, concat(coalesce(cs_host, ''), coalesce(cs_uri_stem_decoded, '')) as target,
  c_ip as ip, cs_user_agent_decoded as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.cloudfront
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'config_items' as source, account, region,
  cast(null as varchar) as actor, coalesce(messagetype, configurationitemstatus, item_source) as action,
  coalesce(arn, resourceid) as target, cast(null as varchar) as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.config_items
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'cloudwatch_logs' as source, account, region,
  cast(null as varchar) as actor, coalesce(log_group, log_stream) as action,
  log_stream as target, ips[1] as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.cloudwatch_logs
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'rds_audit' as source, account, region,
  username as actor, operation as action,
  coalesce(case when object is null then database else concat(coalesce(database, ''), '.', object) end, server_host) as target,
  host as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.rds_audit
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'rds_log' as source, account, region,
  username as actor, coalesce(audit_command, operation, lower(severity), log_type) as action,
  coalesce(audit_object, database) as target,
  host as ip, application as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.rds_log
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'rds_slow' as source, account, region,
  username as actor, 'statement' as action, database as target,
  host as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.rds_slow
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'vpc_flow' as source, account, region,
  cast(null as varchar) as actor,
  concat(coalesce(action, log_status, 'flow'), case protocol when 1 then ' icmp' when 6 then ' tcp' when 17 then ' udp' when 58 then ' icmpv6' else ' ' || cast(protocol as varchar) end) as action,
  coalesce(interface_id, tgw_attachment_id, tgw_id) as target,
  srcaddr as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.vpc_flow
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'route53_queries' as source, account, region,
  cast(null as varchar) as actor, concat('query ', query_type) as action, query_name as target,
  resolver_ip as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.route53_queries
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'waf' as source, account, region,
  httprequest_clientip as actor, httprequest_httpmethod as action, concat(coalesce(host, ''), coalesce(httprequest_uri, '')) as target,
  httprequest_clientip as ip, useragent as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.waf
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'route53_resolver' as source, account, region,
  coalesce(srcids_instance, srcaddr, srcids_resolver_endpoint) as actor, concat('query ', coalesce(query_type, '')) as action, domain as target,
  srcaddr as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.route53_resolver
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'network_firewall' as source, account, region,
  event_src_ip as actor, concat(coalesce(log_type, 'event'), ' ', coalesce(event_app_proto, event_proto, '')) as action,
  coalesce(hostname, event_dest_ip) as target,
  event_src_ip as ip, event_http_http_user_agent as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.network_firewall
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'guardduty' as source, account, region,
  coalesce(principal_id, user_name) as actor, type as action, resource_id as target,
  remote_ip as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id,
  ips, actors, keys, resources, date
from lake.guardduty
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'securityhub' as source, account, region,
  cast(null as varchar) as actor, title as action, resource_id as target,
  remote_ip as ip, cast(null as varchar) as user_agent, cast(null as varchar) as error_class, false as is_write,
  cast(null as varchar) as session_id, ips, actors, keys, resources, date
from lake.securityhub
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'eventbridge_events' as source, account, region,
  case when detail_type like '% via CloudTrail' then actors[1] end as actor,
  concat(coalesce(source, ''), ':', coalesce(detail_type, '')) as action,
  resources[1] as target, cast(null as varchar) as ip, cast(null as varchar) as user_agent,
  cast(null as varchar) as error_class, cast(null as boolean) as is_write, cast(null as varchar) as session_id,
  ips, actors, keys, resources, date
from lake.eventbridge_events
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'elb_access' as source, account, region,
  client_ip as actor, coalesce(request_verb, "type", 'tcp') as action,
  case when request_host is null then coalesce(domain_name, elb) else concat(request_host, coalesce(request_path, '')) end as target,
  client_ip as ip, user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.elb_access
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'elb_connections' as source, account, region,
  client_ip as actor, case when tls_protocol is null then 'connect' else 'tls' end as action, elb as target,
  client_ip as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.elb_connections
union all
select
  evidence_object, evidence_record, evidence_offset, event_time, 'own_logs' as source, account, region,
  actor, log as action, resources[1] as target,
  ips[1] as ip, cast(null as varchar) as user_agent, error_class, is_write, session_id, ips, actors, keys, resources, date
from lake.own_logs
