-- Columns as in "Create a table for Amazon VPC flow logs and query it" (Athena User Guide), then the names that this
-- page had before (sourceaddress, numbytes, starttime …) and the partitions of AWS's other tables. Flow logs of VPCs
-- only; those of transit gateways are in `vpc_flow`.
-- Where it differs: text fields are `-` also where the log's format does not have the field; the day is that of
-- `start`.
select
  *,
  interface_id as interfaceid, srcaddr as sourceaddress, dstaddr as destinationaddress, srcport as sourceport,
  dstport as destinationport, packets as numpackets, bytes as numbytes, "start" as starttime, "end" as endtime,
  log_status as logstatus, instance_id as instanceid, vpc_id as vpcid, subnet_id as subnetid, tcp_flags as tcpflags,
  pkt_srcaddr as pktsrcaddr, pkt_dstaddr as pktdstaddr, vpc_id as vpc_partition,
  concat(region, '') as region_partition, concat(account, '') as account_partition
from (
  select
    version,
    coalesce(account, '-') as account_id,
    coalesce(interface_id, '-') as interface_id,
    coalesce(srcaddr, '-') as srcaddr,
    coalesce(dstaddr, '-') as dstaddr,
    srcport, dstport, protocol, packets, bytes,
    to_unixtime(start_time) as "start",
    to_unixtime(end_time) as "end",
    coalesce(action, '-') as action,
    coalesce(log_status, '-') as log_status,
    coalesce(vpc_id, '-') as vpc_id,
    coalesce(subnet_id, '-') as subnet_id,
    coalesce(instance_id, '-') as instance_id,
    tcp_flags,
    coalesce(type, '-') as type,
    coalesce(pkt_srcaddr, '-') as pkt_srcaddr,
    coalesce(pkt_dstaddr, '-') as pkt_dstaddr,
    region,
    coalesce(az_id, '-') as az_id,
    coalesce(sublocation_type, '-') as sublocation_type,
    coalesce(sublocation_id, '-') as sublocation_id,
    coalesce(pkt_src_aws_service, '-') as pkt_src_aws_service,
    coalesce(pkt_dst_aws_service, '-') as pkt_dst_aws_service,
    coalesce(flow_direction, '-') as flow_direction,
    traffic_path,
    ecs_cluster_arn, ecs_cluster_name, ecs_container_instance_arn, ecs_container_instance_id, ecs_container_id,
    ecs_second_container_id, ecs_service_name, ecs_task_definition_arn, ecs_task_arn, ecs_task_id, reject_reason,
    date, year, month, day, to_char(event_time, '%H') as hour,
    date_partition, account,
    evidence_object, evidence_record, event_time, start_time, end_time, ips, error_class, record_hash, extra
  from lake.vpc_flow
  where tgw_id is null
)
