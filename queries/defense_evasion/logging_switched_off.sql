-- title: Logs of resources switched off
-- question: Who switched off or redirected the logs of networks, buckets, load balancers, distributions, databases, functions, APIs and firewalls, and is it certain that it was off?
-- sources: cloudtrail
-- attack: T1562.008
-- parameter: only_off boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_off: true leaves out calls that may have switched logging on, or only elsewhere
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The names of most of these calls do not say which way they went: effect is read from the parameters, and "see request" means that it cannot be told.
-- trap: Logging that is off leaves no trace of its own; the silence afterwards is in defense_evasion/silent_hours and network/flow_log_gaps.
-- trap: An update of a distribution or database sends the whole configuration; that logging is off in it does not say that it was on before.
-- trap: The trail itself is in defense_evasion/cloudtrail_tampering, detecting services in defense_evasion/security_services_turned_down.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: defense_evasion/security_services_turned_down
-- next: network/flow_log_gaps
-- next: config/who_changed
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'loadBalancerArn'), json_as_text(requestparameters, 'loadBalancerName'),
      json_as_text(requestparameters, 'DeleteFlowLogsRequest', 'FlowLogId', 'content'), json_get_json(requestparameters, 'DeleteFlowLogsRequest', 'FlowLogId'),
      json_as_text(requestparameters, 'id'), json_as_text(requestparameters, 'dBInstanceIdentifier'), json_as_text(requestparameters, 'dBClusterIdentifier'),
      json_as_text(requestparameters, 'clusterIdentifier'), json_as_text(requestparameters, 'resourceArn'), json_as_text(requestparameters, 'webACLArn'),
      json_as_text(requestparameters, 'restApiId'), json_as_text(requestparameters, 'apiId'), json_as_text(requestparameters, 'functionName'),
      json_as_text(requestparameters, 'firewallArn'), json_as_text(requestparameters, 'firewallName'), json_as_text(requestparameters, 'resolverQueryLogConfigId'),
      json_as_text(requestparameters, 'hostedZoneId'), json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'domainName')
    ) as target,
    case
      when eventname ~ '^(DeleteFlowLogs|Delete(Model)?(Invocation)?LoggingConfiguration|DeleteResolverQueryLogConfig|DisassociateResolverQueryLogConfig)' then 'off'
      when eventname ~ '^(DisableLogging|DeleteRealtimeLogConfig|DeleteQueryLoggingConfig|DeleteDelivery|DeleteAccessLogSettings)' then 'off'
      when eventname = 'PutBucketLogging' and coalesce(requestparameters, '') !~ 'LoggingEnabled' then 'off'
      when eventname = 'PutBucketLogging' then 'on, or elsewhere'
      when eventname = 'ModifyLoadBalancerAttributes' and requestparameters ~ '(access|connection)_logs\.s3\.enabled"\s*,\s*"value"\s*:\s*"false"' then 'off'
      when eventname = 'ModifyLoadBalancerAttributes' and requestparameters ~* '"accessLog"\s*:\s*\{[^}]*"enabled"\s*:\s*false' then 'off'
      when eventname = 'ModifyLoadBalancerAttributes' and requestparameters ~* '(access_?log)' then 'on, or elsewhere'
      when eventname ~ '^UpdateDistribution' and requestparameters ~ '"logging"\s*:\s*\{[^}]*"enabled"\s*:\s*false' then 'off'
      when eventname ~ '^UpdateDistribution' and requestparameters ~ '"logging"\s*:\s*\{[^}]*"enabled"\s*:\s*true' then 'on, or elsewhere'
      when eventname ~ '^ModifyDB' and requestparameters ~ '"disableLogTypes"\s*:\s*\[\s*"' then 'off'
      when eventname = 'UpdateClusterConfig' and requestparameters ~ '"enabled"\s*:\s*false' then 'off'
      else 'see request'
    end as effect
  from cloudtrail
  where coalesce(is_write, true)
    and event_time between $from and $to
    and (
      eventname in (
        'DeleteFlowLogs', 'PutBucketLogging', 'ModifyLoadBalancerAttributes', 'DeleteLoggingConfiguration', 'DeleteResolverQueryLogConfig',
        'DisassociateResolverQueryLogConfig', 'DeleteQueryLoggingConfig', 'DeleteRealtimeLogConfig', 'DeleteAccessLogSettings', 'DeleteDelivery',
        'DeleteDeliverySource', 'DeleteDeliveryDestination'
      )
      or (eventsource = 'redshift.amazonaws.com' and eventname = 'DisableLogging')
      or (eventsource = 'cloudfront.amazonaws.com' and eventname ~ '^UpdateDistribution' and requestparameters ~ '"logging"')
      or (eventsource = 'rds.amazonaws.com' and eventname in ('ModifyDBInstance', 'ModifyDBCluster')
        and requestparameters ~* 'cloudwatchLogsExportConfiguration|disableLogTypes')
      or (eventsource = 'rds.amazonaws.com' and eventname in ('ModifyDBParameterGroup', 'ModifyDBClusterParameterGroup', 'ResetDBParameterGroup')
        and requestparameters ~* '(audit|log_|slow_query)')
      or (eventsource = 'eks.amazonaws.com' and eventname = 'UpdateClusterConfig' and requestparameters ~ '"logging"')
      or (eventsource = 'lambda.amazonaws.com' and eventname ~ '^UpdateFunctionConfiguration' and requestparameters ~ '"loggingConfig"')
      or (eventsource = 'apigateway.amazonaws.com' and eventname = 'UpdateStage' and requestparameters ~* 'accessLogSettings|loggingLevel')
      or (eventsource = 'network-firewall.amazonaws.com' and eventname = 'UpdateLoggingConfiguration')
      or (eventsource in ('wafv2.amazonaws.com', 'waf.amazonaws.com', 'waf-regional.amazonaws.com') and eventname = 'PutLoggingConfiguration')
      or (eventsource = 'bedrock.amazonaws.com' and eventname in ('DeleteModelInvocationLoggingConfiguration', 'PutModelInvocationLoggingConfiguration'))
      or (eventsource = 'ssm.amazonaws.com' and eventname in ('UpdateDocument', 'DeleteDocument') and requestparameters ~ 'SSM-SessionManagerRunShell')
    )
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  effect,
  target,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from calls
where $only_off = false or effect = 'off'
order by event_time, evidence_object, evidence_record
