//! Flow logs of VPCs and of transit gateways.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One flow through a network interface or a transit gateway attachment, in one direction, within a capture window; of NODATA and SKIPDATA rows there was none, or none was recorded.
    "vpc_flow", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
        services: &["vpcflowlogs"],
        athena: Some("vpc_flow_logs"),
        view: InEvents::Rows,
    }),
    VpcFlowRow => VpcFlowRows, VpcFlowColumn, TABLE {
        /// How it ended: success for ACCEPT, denied for REJECT.
        error_class: Text,
        /// Always null: what was done through the connection the flow does not tell.
        is_write: Flag,
        /// Always null: a flow knows no session.
        session_id: Key,
        /// The version of the format, as the row says it.
        version: Int,
        /// The network interface; null for a transit gateway.
        interface_id: Key,
        /// The source address; of outgoing traffic the private one of the interface.
        srcaddr: Key,
        /// The destination address; of incoming traffic the private one of the interface.
        dstaddr: Key,
        /// The source port.
        srcport: Int,
        /// The destination port.
        dstport: Int,
        /// The protocol by its IANA number: 1 is ICMP, 6 is TCP, 17 is UDP.
        protocol: Int,
        /// Packets within the window.
        packets: Int,
        /// Bytes within the window.
        bytes: Int,
        /// `start`: when the first packet of the window was received.
        start_time: Time,
        /// `end`: when the last packet of the window was received.
        end_time: Time,
        /// ACCEPT, or REJECT by a security group or network ACL.
        action: Text,
        /// OK, NODATA (no traffic) or SKIPDATA (records were skipped).
        log_status: Text,
        /// The VPC of the interface.
        vpc_id: Key,
        /// The subnet of the interface.
        subnet_id: Key,
        /// The instance of the interface, when it is the owner's.
        instance_id: Key,
        /// TCP flags seen within the window, or-ed: 1 FIN, 2 SYN, 4 RST, 16 ACK (only with SYN).
        tcp_flags: Int,
        /// IPv4, IPv6 or EFA.
        r#type: Text,
        /// The source address in the packet, where an intermediate layer such as a NAT gateway has another one.
        pkt_srcaddr: Key,
        /// The destination address in the packet, where an intermediate layer has another one.
        pkt_dstaddr: Key,
        /// The Availability Zone of the interface, by its id.
        az_id: Text,
        /// Wavelength, outpost or localzone.
        sublocation_type: Text,
        /// The Outpost, Local Zone or Wavelength Zone.
        sublocation_id: Key,
        /// The AWS service whose address `pkt_srcaddr` is.
        pkt_src_aws_service: Text,
        /// The AWS service whose address `pkt_dstaddr` is.
        pkt_dst_aws_service: Text,
        /// Ingress or egress, as the interface sees it.
        flow_direction: Text,
        /// The way that egress traffic took, by number: 1 within the VPC, 2 internet gateway or gateway endpoint, 3 virtual private gateway, 4 peering within the region, 5 peering between regions, 6 local gateway, 7 gateway endpoint, 8 internet gateway.
        traffic_path: Int,
        /// Transit gateway: what the log is of, TransitGateway or TransitGatewayAttachment.
        resource_type: Text,
        /// The transit gateway.
        tgw_id: Key,
        /// The attachment of the transit gateway.
        tgw_attachment_id: Key,
        /// Transit gateway: the account of the source VPC.
        tgw_src_vpc_account_id: Text,
        /// Transit gateway: the account of the destination VPC.
        tgw_dst_vpc_account_id: Text,
        /// Transit gateway: the source VPC.
        tgw_src_vpc_id: Key,
        /// Transit gateway: the destination VPC.
        tgw_dst_vpc_id: Key,
        /// Transit gateway: the subnet of the source.
        tgw_src_subnet_id: Key,
        /// Transit gateway: the subnet of the destination.
        tgw_dst_subnet_id: Key,
        /// Transit gateway: the interface of the attachment on the side of the source.
        tgw_src_eni: Key,
        /// Transit gateway: the interface of the attachment on the side of the destination.
        tgw_dst_eni: Key,
        /// Transit gateway: the Availability Zone of the source.
        tgw_src_az_id: Text,
        /// Transit gateway: the Availability Zone of the destination.
        tgw_dst_az_id: Text,
        /// Transit gateway: the attachment at the other end.
        tgw_pair_attachment_id: Key,
        /// Transit gateway: packets lost for want of a route.
        packets_lost_no_route: Int,
        /// Transit gateway: packets lost in a black hole route.
        packets_lost_blackhole: Int,
        /// Transit gateway: packets lost because they were larger than the MTU.
        packets_lost_mtu_exceeded: Int,
        /// Transit gateway: packets lost because their time to live was over.
        packets_lost_ttl_expired: Int,
        /// The ECS cluster, by its ARN.
        ecs_cluster_arn: Key,
        /// The ECS cluster, by its name.
        ecs_cluster_name: Text,
        /// The ECS container instance, by its ARN.
        ecs_container_instance_arn: Key,
        /// The ECS container instance, by its id.
        ecs_container_instance_id: Key,
        /// The first container of the ECS task, by its runtime id.
        ecs_container_id: Key,
        /// The second container of the ECS task, by its runtime id.
        ecs_second_container_id: Key,
        /// The ECS service.
        ecs_service_name: Text,
        /// The ECS task definition, by its ARN.
        ecs_task_definition_arn: Key,
        /// The ECS task, by its ARN.
        ecs_task_arn: Key,
        /// The ECS task, by its id.
        ecs_task_id: Key,
        /// Why it was rejected, where it was no security group or network ACL: BPA or EC.
        reject_reason: Text,
        /// The resource that the interface belongs to, such as a regional NAT gateway.
        resource_id: Key,
        /// Was it encrypted? 0 not, 1 by the network, 2 by the application, 3 by both.
        encryption_status: Int,
        /// What the interface belongs to, such as `nat_gateway`.
        interface_type: Text,
        /// The value of the first chosen tag of the instance, percent-encoded.
        instance_tag: Text,
        /// The value of the second chosen tag of the instance, percent-encoded.
        instance_tag_2: Text,
        /// The value of the first chosen tag of the interface, percent-encoded.
        interface_tag: Text,
        /// The value of the second chosen tag of the interface, percent-encoded.
        interface_tag_2: Text,
        /// The value of the first chosen tag of the Auto Scaling group, percent-encoded.
        asg_tag: Text,
        /// The value of the second chosen tag of the Auto Scaling group, percent-encoded.
        asg_tag_2: Text,
        /// The interface to which the traffic goes next.
        next_hop_interface_id: Key,
        /// What that interface belongs to.
        next_hop_interface_type: Text,
        /// The subnet of that interface.
        next_hop_subnet_id: Key,
        /// The VPC of that interface.
        next_hop_vpc_id: Key,
        /// The Availability Zone of that interface, by its id.
        next_hop_az_id: Text,
        /// Every field that has no column, or whose value its column cannot take; what CloudWatch Logs has put around the row.
        extra: Json,
    }
}
