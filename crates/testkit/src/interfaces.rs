//! What AWS Config knows of the network interfaces and of the database: whose address it was, and when.

use serde_json::{Value, json};

use crate::config::Item;
use crate::facts::Facts;
use crate::network::VPC;
use crate::states::INSTANCE;
use crate::story::GROUP;
use crate::world::{HOME, PROD, at};

/// One interface.
struct Interface {
    /// The end of its id.
    id: &'static str,
    address: &'static str,
    public: &'static str,
    subnet: &'static str,
    kind: &'static str,
    description: &'static str,
    instance: &'static str,
    group: (&'static str, &'static str),
}

const WEB: (&str, &str) = ("sg-0a1b2c3d4e5f60719", "orders-web");
const APP: (&str, &str) = (GROUP, "orders-app");
const DATA: (&str, &str) = ("sg-0a1b2c3d4e5f60720", "orders-db");
const BALANCER: &str = "ELB app/orders-web/50dc6c495c0c9188";

const INTERFACES: [Interface; 5] = [
    Interface {
        id: "a01",
        address: "10.0.1.25",
        public: "192.0.2.60",
        subnet: "11",
        kind: "interface",
        description: "",
        instance: INSTANCE,
        group: APP,
    },
    Interface {
        id: "a02",
        address: "10.0.0.11",
        public: "192.0.2.80",
        subnet: "10",
        kind: "interface",
        description: BALANCER,
        instance: "",
        group: WEB,
    },
    Interface {
        id: "a03",
        address: "10.0.0.12",
        public: "192.0.2.81",
        subnet: "10",
        kind: "interface",
        description: BALANCER,
        instance: "",
        group: WEB,
    },
    Interface {
        id: "a04",
        address: "10.0.2.40",
        public: "",
        subnet: "12",
        kind: "interface",
        description: "RDSNetworkInterface",
        instance: "",
        group: DATA,
    },
    Interface {
        id: "a05",
        address: "10.0.0.5",
        public: "192.0.2.90",
        subnet: "10",
        kind: "nat_gateway",
        description: "Interface for NAT Gateway nat-0a1b2c3d4e5f60718",
        instance: "",
        group: ("", ""),
    },
];
/// They had the same address, one after the other.
const MACHINE: Interface = Interface {
    id: "a06",
    address: "10.0.1.77",
    public: "",
    subnet: "11",
    kind: "interface",
    description: "",
    instance: "i-0dead00000000beef",
    group: APP,
};
const FUNCTION: Interface = Interface {
    id: "a07",
    address: "10.0.1.77",
    public: "",
    subnet: "11",
    kind: "lambda",
    description: "AWS Lambda VPC ENI-orders-0-6d1f2c3b-0a4e-4c55-9b7e-1f2a3b4c5d6e",
    instance: "",
    group: APP,
};

impl Interface {
    fn item(&self, time: i64) -> Item {
        let id = format!("eni-0a1b2c3d4e5f60{}", self.id);
        let mut item = Item::new(PROD, HOME, "AWS::EC2::NetworkInterface", &id, time);
        item.arn = format!("arn:aws:ec2:{HOME}:{PROD}:network-interface/{id}");
        item.status = "ResourceDiscovered";
        let association = match self.public {
            "" => Value::Null,
            public => json!({"ipOwnerId": "amazon", "publicDnsName": "", "publicIp": public}),
        };
        let groups = match self.group {
            ("", _) => json!([]),
            (id, name) => json!([{"groupName": name, "groupId": id}]),
        };
        let attachment = match self.instance {
            "" => json!({"attachmentId": format!("ela-attach-0a1b2c3d4e5f60{}", self.id), "deleteOnTermination": false,
                "deviceIndex": 1, "instanceId": null, "instanceOwnerId": "amazon-aws", "status": "attached"}),
            instance => {
                json!({"attachTime": "2026-02-11T09:30:00.000Z", "attachmentId": format!("eni-attach-0a1b2c3d4e5f60{}", self.id),
                "deleteOnTermination": true, "deviceIndex": 0, "instanceId": instance, "instanceOwnerId": PROD, "status": "attached"})
            }
        };
        item.configuration = json!({
            "association": association, "attachment": attachment, "availabilityZone": "us-east-1a",
            "description": self.description, "groups": groups, "interfaceType": self.kind, "ipv6Addresses": [],
            "macAddress": format!("0a:1b:2c:3d:4e:{}", &self.id[1..]), "networkInterfaceId": id, "ownerId": PROD,
            "privateIpAddress": self.address,
            "privateIpAddresses": [{"association": association, "primary": true, "privateIpAddress": self.address}],
            "requesterManaged": self.instance.is_empty(), "sourceDestCheck": self.kind != "nat_gateway",
            "status": "in-use", "subnetId": format!("subnet-0a1b2c3d4e5f607{}", self.subnet), "tagSet": [], "vpcId": VPC,
        });
        item.relationships =
            json!([{"resourceType": "AWS::EC2::VPC", "resourceId": VPC, "name": "Is contained in Vpc"}]);
        if !self.instance.is_empty() {
            let instance = json!({"resourceType": "AWS::EC2::Instance", "resourceId": self.instance, "name": "Is attached to Instance"});
            item.relationships.as_array_mut().expect("it is one").push(instance);
        }
        item
    }
}

fn database(time: i64) -> Item {
    let mut item = Item::new(PROD, HOME, "AWS::RDS::DBInstance", "db-ORDERSDB1EXAMPLE", time);
    item.name = "orders-db-1".to_owned();
    item.arn = format!("arn:aws:rds:{HOME}:{PROD}:db:orders-db-1");
    item.status = "ResourceDiscovered";
    item.configuration = json!({
        "dBInstanceIdentifier": "orders-db-1", "dBInstanceClass": "db.r6g.large", "engine": "aurora-mysql",
        "engineVersion": "8.0.mysql_aurora.3.07.1", "dBInstanceStatus": "available", "masterUsername": "admin",
        "dBClusterIdentifier": "orders-db", "dBName": "orders", "publiclyAccessible": false, "storageEncrypted": true,
        "endpoint": {"address": "orders-db-1.c1example2ab.us-east-1.rds.amazonaws.com", "port": 3306},
        "vpcSecurityGroups": [{"vpcSecurityGroupId": DATA.0, "status": "active"}],
        "enabledCloudwatchLogsExports": ["audit"], "deletionProtection": false, "iAMDatabaseAuthenticationEnabled": false,
    });
    item.tags = json!({"owner": "orders"});
    item
}

/// The items, in any order.
pub(crate) fn items() -> Vec<Item> {
    let march = at("03-01 06:10:00");
    let mut items: Vec<Item> = INTERFACES.iter().map(|interface| interface.item(march)).collect();
    items.push(MACHINE.item(march));
    let mut gone = MACHINE.item(at("03-20 15:02:30"));
    gone.status = "ResourceDeleted";
    (gone.configuration, gone.relationships) = (Value::Null, json!([]));
    items.push(gone);
    items.push(FUNCTION.item(at("03-25 09:14:40")));
    items.push(database(march));
    items
}

/// Whose the address was that two had.
pub(crate) fn tell(facts: &mut Facts) {
    let owners = json!([
        {"interface": "eni-0a1b2c3d4e5f60a06", "instance": "i-0dead00000000beef", "from": "2026-03-01T06:10:00.417Z", "to": "2026-03-20T15:02:30.417Z"},
        {"interface": "eni-0a1b2c3d4e5f60a07", "instance": null, "from": "2026-03-25T09:14:40.417Z", "to": null},
    ]);
    facts.note("addresses", "10.0.1.77", "Whose the address 10.0.1.77 was, as AWS Config captured it", owners);
    facts.note(
        "addresses",
        "10.0.1.25",
        "Whose the address 10.0.1.25 is",
        json!({"interface": "eni-0a1b2c3d4e5f60a01", "instance": INSTANCE}),
    );
}
