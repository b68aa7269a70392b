//! The API calls that background and benchmark logs are made of: 60 calls of 21 services, each with its own shape.
//!
//! A `~` with a letter stands for a value that is filled in: see [`Fill::value`].

use std::fmt::Write as _;

use crate::world::{Ids, iso};

/// One API call and the shape of its parameters.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) read_only: bool,
    pub(crate) data: bool,
    /// How often it occurs, relative to the others.
    pub(crate) weight: u32,
    pub(crate) request: &'static str,
    pub(crate) response: &'static str,
    /// Members after `responseElements`, each with a comma in front.
    pub(crate) more: &'static str,
}

const fn read(
    service: &'static str,
    name: &'static str,
    version: &'static str,
    weight: u32,
    request: &'static str,
) -> Shape {
    Shape { service, name, version, read_only: true, data: false, weight, request, response: "null", more: "" }
}

const fn change(
    service: &'static str,
    name: &'static str,
    version: &'static str,
    weight: u32,
    request: &'static str,
    response: &'static str,
) -> Shape {
    Shape { service, name, version, read_only: false, data: false, weight, request, response, more: "" }
}

impl Shape {
    const fn with(mut self, more: &'static str) -> Shape {
        self.more = more;
        self
    }

    const fn answers(mut self, response: &'static str) -> Shape {
        self.response = response;
        self
    }

    const fn data(mut self) -> Shape {
        self.data = true;
        self
    }
}

const S3_READ: &str = r#"{"bucketName":"~B","Host":"~B.s3.~R.amazonaws.com","key":"~K","x-id":"GetObject"}"#;
const S3_MORE: &str = r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"~a=","bytesTransferredOut":~D},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::~B/~K"},{"accountId":"~A","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::~B"}]"#;
const S3_PUT: &str = r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":~D,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"~a=","bytesTransferredOut":0},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::~B/~K"},{"accountId":"~A","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::~B"}]"#;
const KMS_MORE: &str = r#","resources":[{"accountId":"~A","type":"AWS::KMS::Key","ARN":"arn:aws:kms:~R:~A:key/~E"}]"#;
const TABLE_MORE: &str =
    r#","resources":[{"accountId":"~A","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:~R:~A:table/~T"}]"#;
const ROLE_MORE: &str = r#","resources":[{"accountId":"~A","type":"AWS::IAM::Role","ARN":"arn:aws:iam::~A:role/~L"}]"#;
const ROLE_REQUEST: &str = r#"{"roleArn":"arn:aws:iam::~A:role/~L","roleSessionName":"~L-~D","durationSeconds":3600}"#;
const ROLE_RESPONSE: &str = r#"{"credentials":{"accessKeyId":"~X","sessionToken":"IQoJb3JpZ2luX2VjEXAMPLE~a~a~a~a","expiration":"~M"},"assumedRoleUser":{"assumedRoleId":"~L:~L-~D","arn":"arn:aws:sts::~A:assumed-role/~L/~L-~D"}}"#;
const FUNCTION: &str = r#"{"functionName":"~F","functionArn":"arn:aws:lambda:~R:~A:function:~F","runtime":"python3.12","role":"arn:aws:iam::~A:role/~L","handler":"app.handler","codeSize":~D,"timeout":30,"memorySize":256,"lastModified":"~M","version":"$LATEST","environment":{},"tracingConfig":{"mode":"PassThrough"},"revisionId":"~U","packageType":"Zip","architectures":["x86_64"],"ephemeralStorage":{"size":512}}"#;
const INSTANCES: &str = r#"{"instancesSet":{"items":[{"instanceId":"~I"}]}}"#;

pub(crate) static SHAPES: &[Shape] = &[
    read("ec2", "DescribeInstances", "1.10", 60, r#"{"maxResults":100,"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"}]}}]}}"#),
    read("ec2", "DescribeInstanceStatus", "1.10", 30, INSTANCES),
    read("ec2", "DescribeSecurityGroups", "1.10", 25, r#"{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"~G"}]},"filterSet":{}}"#),
    read("ec2", "DescribeNetworkInterfaces", "1.10", 25, r#"{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"group-id","valueSet":{"items":[{"value":"~G"}]}}]}}"#),
    read("ec2", "DescribeVolumes", "1.10", 15, r#"{"volumeSet":{},"filterSet":{"items":[{"name":"attachment.instance-id","valueSet":{"items":[{"value":"~I"}]}}]}}"#),
    read("ec2", "DescribeSnapshots", "1.10", 8, r#"{"maxResults":500,"snapshotSet":{},"ownersSet":{"items":[{"owner":"self"}]},"sharedUsersSet":{},"filterSet":{}}"#),
    change("ec2", "CreateTags", "1.10", 6, r#"{"resourcesSet":{"items":[{"resourceId":"~I"}]},"tagSet":{"items":[{"key":"owner","value":"~P"},{"key":"release","value":"~D"}]}}"#, r#"{"requestId":"~U","_return":true}"#),
    change("ec2", "CreateSnapshot", "1.10", 4, r#"{"volumeId":"~V","description":"nightly","tagSpecificationSet":{"items":[{"resourceType":"snapshot","tags":[{"key":"job","value":"nightly"}]}]}}"#, r#"{"requestId":"~U","snapshotId":"~N","volumeId":"~V","status":"pending","startTime":1775000000000,"ownerId":"~A","volumeSize":"100","encrypted":true}"#),
    change("ec2", "RunInstances", "1.10", 3, r#"{"instancesSet":{"items":[{"imageId":"ami-0c02fb55956c7d316","minCount":1,"maxCount":1}]},"groupSet":{"items":[{"groupId":"~G"}]},"instanceType":"t3.medium","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"clientToken":"~U","iamInstanceProfile":{"name":"~L"}}"#, r#"{"requestId":"~U","reservationId":"r-0~H","ownerId":"~A","groupSet":{},"instancesSet":{"items":[{"instanceId":"~I","imageId":"ami-0c02fb55956c7d316","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-1-25.ec2.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"t3.medium","launchTime":1775000000000,"placement":{"availabilityZone":"~Ra","tenancy":"default"},"monitoring":{"state":"disabled"},"privateIpAddress":"10.0.1.25","stateReason":{"code":"pending","message":"pending"},"architecture":"x86_64","rootDeviceType":"ebs","virtualizationType":"hvm","hypervisor":"xen"}]}}"#),
    change("ec2", "TerminateInstances", "1.10", 2, INSTANCES, r#"{"requestId":"~U","instancesSet":{"items":[{"instanceId":"~I","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}"#),
    read("s3", "GetObject", "1.11", 120, S3_READ).with(S3_MORE).data(),
    read("s3", "HeadObject", "1.11", 30, r#"{"bucketName":"~B","Host":"~B.s3.~R.amazonaws.com","key":"~K"}"#).with(S3_MORE).data(),
    change("s3", "PutObject", "1.11", 60, r#"{"bucketName":"~B","Host":"~B.s3.~R.amazonaws.com","key":"~K","x-amz-server-side-encryption":"AES256","x-id":"PutObject"}"#, r#"{"x-amz-server-side-encryption":"AES256","x-amz-version-id":"~H"}"#).with(S3_PUT).data(),
    change("s3", "DeleteObject", "1.11", 8, r#"{"bucketName":"~B","Host":"~B.s3.~R.amazonaws.com","key":"~K"}"#, r#"{"x-amz-delete-marker":"true","x-amz-version-id":"~H"}"#).with(S3_PUT).data(),
    read("s3", "ListObjects", "1.11", 20, r#"{"list-type":"2","bucketName":"~B","encoding-type":"url","prefix":"data/","delimiter":"/","Host":"~B.s3.~R.amazonaws.com"}"#).with(r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"~a=","bytesTransferredOut":~D},"resources":[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::~B/data/"},{"accountId":"~A","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::~B"}]"#).data(),
    read("s3", "ListBuckets", "1.11", 6, r#"{"Host":"s3.~R.amazonaws.com"}"#),
    read("s3", "GetBucketAcl", "1.11", 15, r#"{"acl":"","bucketName":"~B","Host":"~B.s3.~R.amazonaws.com"}"#).with(r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"~a=","bytesTransferredOut":~D}"#),
    read("s3", "GetBucketLocation", "1.11", 10, r#"{"location":"","bucketName":"~B","Host":"~B.s3.~R.amazonaws.com"}"#),
    change("sts", "AssumeRole", "1.08", 70, ROLE_REQUEST, ROLE_RESPONSE).with(ROLE_MORE),
    read("sts", "GetCallerIdentity", "1.08", 15, "null"),
    change("sts", "AssumeRoleWithWebIdentity", "1.08", 8, r#"{"roleArn":"arn:aws:iam::~A:role/~L","roleSessionName":"GitHubActions","durationSeconds":3600}"#, r#"{"credentials":{"accessKeyId":"~X","sessionToken":"IQoJb3JpZ2luX2VjEXAMPLE~a~a~a~a","expiration":"~M"},"subjectFromWebIdentityToken":"repo:acme/shop:ref:refs/heads/main","assumedRoleUser":{"assumedRoleId":"~L:GitHubActions","arn":"arn:aws:sts::~A:assumed-role/~L/GitHubActions"},"provider":"arn:aws:iam::~A:oidc-provider/token.actions.githubusercontent.com","audience":"sts.amazonaws.com"}"#).with(ROLE_MORE),
    read("kms", "Decrypt", "1.11", 80, r#"{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"aws:lambda:FunctionArn":"arn:aws:lambda:~R:~A:function:~F"}}"#).with(KMS_MORE),
    read("kms", "GenerateDataKey", "1.11", 40, r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::~B"},"keyId":"arn:aws:kms:~R:~A:key/~E","keySpec":"AES_256"}"#).with(KMS_MORE),
    read("kms", "DescribeKey", "1.11", 12, r#"{"keyId":"arn:aws:kms:~R:~A:key/~E"}"#).with(KMS_MORE),
    read("secretsmanager", "GetSecretValue", "1.08", 14, r#"{"secretId":"~S"}"#),
    read("secretsmanager", "DescribeSecret", "1.08", 8, r#"{"secretId":"~S"}"#),
    read("ssm", "GetParameter", "1.08", 20, r#"{"name":"/app/~F/config","withDecryption":true}"#),
    read("ssm", "GetParametersByPath", "1.08", 8, r#"{"path":"/app/~F","recursive":true,"withDecryption":true,"maxResults":10}"#),
    change("ssm", "UpdateInstanceInformation", "1.08", 50, r#"{"instanceId":"~I","agentVersion":"3.2.2303.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"10.0.1.25","computerName":"ip-10-0-1-25.ec2.internal","agentName":"amazon-ssm-agent","availabilityZone":"~Ra","availabilityZoneId":"use1-az4","sSMConnectionChannel":"ssmmessages"}"#, "null"),
    read("lambda", "GetFunction20150331v2", "1.09", 10, r#"{"functionName":"arn:aws:lambda:~R:~A:function:~F"}"#),
    read("lambda", "ListFunctions20150331", "1.09", 6, r#"{"maxItems":50}"#),
    change("lambda", "UpdateFunctionCode20150331v2", "1.09", 5, r#"{"functionName":"~F","s3Bucket":"acme-artifacts","s3Key":"~F/~D.zip","publish":false,"dryRun":false}"#, FUNCTION),
    read("lambda", "Invoke", "1.09", 40, r#"{"functionName":"arn:aws:lambda:~R:~A:function:~F","invocationType":"RequestResponse"}"#).with(r#","additionalEventData":{"functionVersion":"arn:aws:lambda:~R:~A:function:~F:$LATEST"},"resources":[{"accountId":"~A","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:~R:~A:function:~F"}]"#).data(),
    read("dynamodb", "GetItem", "1.09", 60, r#"{"tableName":"~T","key":{"pk":"~D","sk":"order"},"consistentRead":false}"#).with(TABLE_MORE).data(),
    change("dynamodb", "PutItem", "1.09", 40, r#"{"tableName":"~T","key":{"pk":"~D","sk":"order"},"items":["pk","sk","state"]}"#, "null").with(TABLE_MORE).data(),
    read("dynamodb", "DescribeTable", "1.09", 20, r#"{"tableName":"~T"}"#).with(TABLE_MORE),
    read("iam", "ListUsers", "1.09", 4, r#"{"maxItems":100}"#),
    read("iam", "GetRole", "1.09", 12, r#"{"roleName":"~L"}"#),
    read("iam", "ListAttachedRolePolicies", "1.09", 10, r#"{"roleName":"~L"}"#),
    read("iam", "GetAccountSummary", "1.09", 4, "null"),
    change("logs", "CreateLogStream", "1.08", 50, r#"{"logGroupName":"/aws/lambda/~F","logStreamName":"2026/04/01/[$LATEST]~H"}"#, "null").with(r#","apiVersion":"20140328""#),
    read("logs", "DescribeLogGroups", "1.08", 10, r#"{"logGroupNamePrefix":"/aws/lambda/","limit":50}"#).with(r#","apiVersion":"20140328""#),
    read("monitoring", "DescribeAlarms", "1.08", 25, r#"{"alarmNamePrefix":"~F","maxRecords":100,"alarmTypes":["MetricAlarm"]}"#),
    read("monitoring", "GetMetricData", "1.08", 25, r#"{"startTime":"~M","endTime":"~M","metricDataQueries":[{"id":"m1","metricStat":{"metric":{"namespace":"AWS/Lambda","metricName":"Errors","dimensions":[{"name":"FunctionName","value":"~F"}]},"period":300,"stat":"Sum"},"returnData":true}]}"#),
    change("monitoring", "PutMetricAlarm", "1.08", 3, r#"{"alarmName":"~F-errors","actionsEnabled":true,"alarmActions":["arn:aws:sns:~R:~A:oncall"],"metricName":"Errors","namespace":"AWS/Lambda","statistic":"Sum","period":300,"evaluationPeriods":1,"threshold":5.0,"comparisonOperator":"GreaterThanThreshold"}"#, "null"),
    read("sqs", "ListQueues", "1.08", 6, r#"{"queueNamePrefix":"orders"}"#),
    read("sns", "ListTopics", "1.08", 5, "null"),
    read("rds", "DescribeDBInstances", "1.08", 15, r#"{"dBInstanceIdentifier":"~T-db"}"#),
    read("elasticloadbalancing", "DescribeLoadBalancers", "1.08", 14, r#"{"pageSize":100}"#).with(r#","apiVersion":"2015-12-01""#),
    read("elasticloadbalancing", "DescribeTargetHealth", "1.08", 18, r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:~R:~A:targetgroup/~F/~Y"}"#).with(r#","apiVersion":"2015-12-01""#),
    read("autoscaling", "DescribeAutoScalingGroups", "1.08", 14, r#"{"autoScalingGroupNames":["~F-asg"],"maxRecords":50}"#),
    read("ecr", "GetAuthorizationToken", "1.08", 8, "null"),
    read("ecr", "BatchGetImage", "1.08", 12, r#"{"registryId":"~A","repositoryName":"~F","acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json","application/vnd.oci.image.manifest.v1+json"],"imageIds":[{"imageDigest":"sha256:~H~H"}]}"#).with(r#","resources":[{"accountId":"~A","ARN":"arn:aws:ecr:~R:~A:repository/~F"}]"#),
    change("ecr", "PutImage", "1.08", 4, r#"{"registryId":"~A","repositoryName":"~F","imageTag":"build-~D","imageManifest":"{\"schemaVersion\": 2, \"config\": {\"digest\": \"sha256:~H~H\"}}"}"#, r#"{"image":{"registryId":"~A","repositoryName":"~F","imageId":{"imageDigest":"sha256:~H~H","imageTag":"build-~D"}}}"#),
    change("cloudformation", "CreateChangeSet", "1.08", 3, r#"{"stackName":"~F-stack","changeSetName":"release-~D","templateURL":"https://s3.amazonaws.com/acme-artifacts/~F/~D.yaml","capabilities":["CAPABILITY_NAMED_IAM"],"parameters":[{"parameterKey":"Release","parameterValue":"~D"}]}"#, r#"{"id":"arn:aws:cloudformation:~R:~A:changeSet/release-~D/~U","stackId":"arn:aws:cloudformation:~R:~A:stack/~F-stack/~U"}"#),
    read("cloudformation", "DescribeStacks", "1.08", 12, r#"{"stackName":"~F-stack"}"#),
    read("ecs", "DescribeTasks", "1.08", 14, r#"{"cluster":"~F-cluster","tasks":["arn:aws:ecs:~R:~A:task/~F-cluster/~H"]}"#),
    read("cloudtrail", "DescribeTrails", "1.08", 5, r#"{"trailNameList":[],"includeShadowTrails":true}"#),
    read("cloudtrail", "LookupEvents", "1.08", 4, r#"{"maxResults":50,"lookupAttributes":[{"attributeKey":"Username","attributeValue":"~P"}]}"#),
    read("guardduty", "ListDetectors", "1.05", 5, r#"{"maxResults":50}"#).answers("null"),
];

/// The shape with this name, such as `ec2:DescribeInstances`.
pub(crate) fn shape(name: &str) -> &'static Shape {
    let found = SHAPES.iter().find(|shape| name.split_once(':') == Some((shape.service, shape.name)));
    found.expect("names of shapes in this crate are literals that the tests visit")
}

/// What the values of a shape are made from.
#[derive(Debug)]
pub(crate) struct Fill<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) time: i64,
    /// How many different functions, tables, instances and so on there are.
    pub(crate) pool: u32,
    /// Which of them this record is about; the same in all its members.
    pub(crate) pick: u32,
    pub(crate) key_pick: u32,
}

const APPS: &[&str] =
    &["orders", "billing", "search", "checkout", "invoices", "mailer", "thumbnails", "reports", "catalog", "sessions"];

impl Fill<'_> {
    /// Appends the template with its values filled in.
    pub(crate) fn write(&self, out: &mut String, template: &str, ids: &mut Ids) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('~') {
            out.push_str(before);
            self.value(out, after.as_bytes()[0], ids);
            rest = &after[1..];
        }
        out.push_str(rest);
    }

    fn value(&self, out: &mut String, letter: u8, ids: &mut Ids) {
        let pick = self.pick % self.pool;
        let app = APPS[pick as usize % APPS.len()];
        let serial = u64::from(pick) * 2_654_435_761 % 0xfff_ffff;
        let ok = match letter {
            b'A' => write!(out, "{}", self.account),
            b'R' => write!(out, "{}", self.region),
            b'I' => write!(out, "i-0a1b2c3d4{serial:08x}"),
            b'G' => write!(out, "sg-0a1b2c3d4{serial:08x}"),
            b'V' => write!(out, "vol-0a1b2c3d4{serial:08x}"),
            b'N' => write!(out, "snap-0a1b2c3d4{:08x}", ids.0.u32(..)),
            b'B' => write!(out, "acme-{app}-{}", self.account),
            b'K' => write!(out, "data/2026/{app}/part-{:06}.parquet", self.key_pick),
            b'F' => write!(out, "{app}-{pick}"),
            b'T' => write!(out, "{app}-table-{}", pick / 4),
            b'S' => write!(out, "prod/{app}/credentials"),
            b'L' => write!(out, "{app}-role-{}", pick / 2),
            b'P' => write!(out, "user{pick}"),
            b'E' => write!(out, "1f2e3d4c-0000-4000-8000-0000{serial:08x}"),
            b'D' => write!(out, "{}", self.key_pick % 50_000),
            b'M' => write!(out, "{}", iso(self.time + 3_600)),
            b'X' => write!(out, "{}", ids.asia()),
            b'Y' => write!(out, "{serial:016x}"),
            b'U' => {
                ids.push_uuid(out);
                Ok(())
            }
            b'H' => {
                let bits = ids.0.u128(..);
                write!(out, "{bits:032x}")
            }
            _ => {
                ids.push(out, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 75);
                Ok(())
            }
        };
        ok.expect("a string takes all");
    }
}
