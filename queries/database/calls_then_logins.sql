-- title: Calls that open a database, and who logged in after them
-- question: Who changed a password, restored or shared a snapshot, or made a database reachable by API, and which logins followed?
-- sources: cloudtrail, rds_audit
-- attack: T1098, T1537, T1578
-- parameter: hours integer = 24
-- parameter: database text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the call logins are counted
-- about database: part of the name of the database, cluster or snapshot; null means all
-- about from: the first call to look at
-- about to: the last call to look at
-- trap: A call without logins after it is listed with 0, which means only that the audit logs here have none: a restored database in another account logs there, and logs must be switched on.
-- trap: Logins of all servers in that time are counted; on_named_server counts those whose server has a name that begins with the one in the call, as instances of a cluster often have.
-- trap: Calls of the Data API (ExecuteStatement) work without a login; they are listed, as CloudTrail has them where it records them.
-- trap: A password that is set stands in no log. what is read from the parameters of the call.
-- trap: Refused calls are listed, too; see error_class.
-- next: credential_access/database_logins
-- next: exfiltration/shared_copies
-- next: config/resource_history
with calls as (
  select
    evidence_object, evidence_record, event_time, account, region, eventname as action, error_class,
    useridentity.arn as actor, useridentity.accesskeyid as access_key, sourceipaddress as ip,
    coalesce(
      json_as_text(requestparameters, 'dBInstanceIdentifier'), json_as_text(requestparameters, 'dBClusterIdentifier'),
      json_as_text(requestparameters, 'targetDBInstanceIdentifier'), json_as_text(requestparameters, 'dBSnapshotIdentifier'),
      json_as_text(requestparameters, 'dBClusterSnapshotIdentifier'), json_as_text(requestparameters, 'resourceArn'),
      json_as_text(requestparameters, 'sourceDBSnapshotIdentifier'), json_as_text(requestparameters, 'sourceArn'),
      json_as_text(requestparameters, 'dBParameterGroupName'), json_as_text(requestparameters, 'dBClusterParameterGroupName')
    ) as named,
    case
      when json_as_text(requestparameters, 'masterUserPassword') is not null or json_as_text(requestparameters, 'rotateMasterUserPassword') = 'true' then 'password set'
      when json_as_text(requestparameters, 'publiclyAccessible') = 'true' then 'made public'
      when eventname like 'Restore%' or eventname like 'CreateDB%ReadReplica' then 'restored or copied'
      when eventname in ('ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute') then concat('snapshot shared: ', coalesce(json_get_json(requestparameters, 'valuesToAdd'), 'taken back'))
      when eventname in ('CopyDBSnapshot', 'CopyDBClusterSnapshot', 'StartExportTask', 'CreateDBSnapshot', 'CreateDBClusterSnapshot') then 'snapshot made, copied or exported'
      when eventname in ('ModifyDBParameterGroup', 'ModifyDBClusterParameterGroup', 'ResetDBParameterGroup') then 'parameters changed, perhaps of the audit'
      when json_as_text(requestparameters, 'enableHttpEndpoint') = 'true' or eventname = 'EnableHttpEndpoint' then 'Data API switched on'
      when eventsource = 'rds-data.amazonaws.com' then 'statement by the Data API'
      when json_as_text(requestparameters, 'vpcSecurityGroupIds') is not null or eventname = 'AuthorizeDBSecurityGroupIngress' then 'network opened or moved'
      when json_as_text(requestparameters, 'enableIAMDatabaseAuthentication') = 'true' then 'login by IAM switched on'
    end as what
  from cloudtrail
  where eventsource in ('rds.amazonaws.com', 'rds-data.amazonaws.com')
    and coalesce(is_write, true)
    and event_time between $from and $to
), chosen as (
  select * from calls
  where what is not null and ($database is null or strpos(lower(named), lower($database)) > 0)
), logins as (
  select
    event_time, server_host, username, host, error_class,
    min(case when error_class = 'success' then event_time end) over (partition by server_host, username, host) as first_of_pair
  from rds_audit
  where lower(operation) in ('connect', 'failed_connect')
    and coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin', 'rdsproxyadmin')
), after as (
  select
    chosen.evidence_object, chosen.evidence_record,
    count(*) filter (where logins.error_class = 'success') as logins,
    count(*) filter (where coalesce(logins.error_class, 'other') <> 'success') as failures,
    count(*) filter (where strpos(logins.server_host, chosen.named) = 1) as on_named_server,
    array_to_string(array_sort(array_agg(distinct concat(logins.username, ' from ', logins.host))
      filter (where logins.first_of_pair = logins.event_time)), ', ') as new_users_and_clients,
    min(logins.event_time) as first_login
  from chosen
  join logins
    on logins.event_time >= chosen.event_time
    and logins.event_time <= chosen.event_time + cast(concat(cast($hours as text), ' hours') as interval)
  group by chosen.evidence_object, chosen.evidence_record
)
select
  chosen.evidence_object, chosen.evidence_record, chosen.event_time, chosen.account, chosen.region, chosen.action, chosen.what, chosen.named,
  chosen.actor, chosen.access_key, chosen.ip, chosen.error_class, coalesce(after.logins, 0) as logins, coalesce(after.failures, 0) as failures,
  coalesce(after.on_named_server, 0) as on_named_server, after.new_users_and_clients, after.first_login
from chosen
left join after on after.evidence_object = chosen.evidence_object and after.evidence_record = chosen.evidence_record
order by chosen.event_time desc, chosen.evidence_object, chosen.evidence_record
