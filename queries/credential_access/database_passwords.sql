-- title: Passwords of databases set or taken
-- question: Who set a master password, asked for credentials of a database, or changed how one logs in to it?
-- sources: cloudtrail
-- attack: T1098, T1552, T1078.004
-- parameter: database text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about database: part of the name of the instance or cluster; null means every database
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The password itself is hidden in the log; that masterUserPassword stands among the parameters is what tells.
-- trap: Tokens for logins with IAM are signed by the caller and make no event; the login stands in the database's own log.
-- trap: A snapshot that is restored keeps its old passwords, and gets a new master password without touching the original: see database/calls_then_logins.
-- trap: With ManageMasterUserPassword the password lies in Secrets Manager and is read there (credential_access/secrets_read).
-- trap: Failed attempts are listed as well; see error_class.
-- next: database/calls_then_logins
-- next: credential_access/secrets_read
-- next: credential_access/database_logins
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'dBInstanceIdentifier'), json_as_text(requestparameters, 'dBClusterIdentifier'),
      json_as_text(requestparameters, 'clusterIdentifier'), json_as_text(requestparameters, 'workgroupName'),
      json_as_text(requestparameters, 'namespaceName'), json_as_text(requestparameters, 'resourceArn'), json_as_text(requestparameters, 'dBProxyName'),
      json_as_text(requestparameters, 'userId'), json_as_text(requestparameters, 'brokerId')
    ) as database_name,
    coalesce(json_as_text(requestparameters, 'dbUser'), json_as_text(requestparameters, 'masterUsername'), json_as_text(requestparameters, 'username'),
      json_as_text(requestparameters, 'userName')) as database_user,
    case
      when requestparameters ~* '"(masterUserPassword|adminUserPassword|master_user_password|authToken|password|passwords)"' then 'password set'
      when eventname ~ '^(GetClusterCredentials|GetCredentials)' then 'credentials asked for'
      when requestparameters ~* '"manageMasterUserPassword"' then 'password handed to Secrets Manager'
      when requestparameters ~* '"(enableIAMDatabaseAuthentication|iamAuth)"' then 'login with IAM changed'
      when eventname in ('ExecuteStatement', 'BatchExecuteStatement') then 'statement by API'
      when eventname in ('CreateDBProxy', 'ModifyDBProxy') then 'proxy'
    end as kind
  from cloudtrail
  where (
      (eventsource = 'rds.amazonaws.com' and eventname in (
        'ModifyDBInstance', 'ModifyDBCluster', 'CreateDBInstance', 'CreateDBCluster', 'RestoreDBInstanceFromDBSnapshot', 'RestoreDBClusterFromSnapshot',
        'RestoreDBInstanceToPointInTime', 'CreateDBProxy', 'ModifyDBProxy'))
      or (eventsource in ('redshift.amazonaws.com', 'redshift-serverless.amazonaws.com') and eventname in (
        'GetClusterCredentials', 'GetClusterCredentialsWithIAM', 'GetCredentials', 'ModifyCluster', 'CreateCluster', 'UpdateNamespace', 'CreateNamespace'))
      or (eventsource in ('rds-data.amazonaws.com', 'rdsdata.amazonaws.com', 'redshift-data.amazonaws.com')
        and eventname in ('ExecuteStatement', 'BatchExecuteStatement'))
      or (eventsource in ('elasticache.amazonaws.com', 'memorydb.amazonaws.com', 'docdb-elastic.amazonaws.com', 'mq.amazonaws.com', 'dms.amazonaws.com')
        and eventname in ('ModifyReplicationGroup', 'CreateUser', 'ModifyUser', 'UpdateUser', 'UpdateCluster', 'CreateEndpoint', 'ModifyEndpoint'))
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  kind,
  eventsource as service,
  eventname as action,
  database_name,
  database_user,
  json_as_text(requestparameters, 'autoCreate') as makes_the_user,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where kind is not null
  and ($database is null or strpos(database_name, $database) > 0)
order by event_time, evidence_object, evidence_record
