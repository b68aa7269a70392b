-- title: Security services turned down
-- question: Did anybody weaken Config, GuardDuty, Security Hub, Macie, Inspector, flow logs, alarms or other watching services?
-- sources: cloudtrail
-- attack: T1562.001, T1562.007, T1562.008
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Failed attempts are listed as well; see error_class.
-- trap: The name of an action does not say which way it went: UpdateDetector, PutRetentionPolicy, PutBucketLogging or PutConfigurationRecorder can strengthen as well as weaken. Read the column request.
-- trap: PutBucketLogging with an empty status switches the logging of a bucket off.
-- next: defense_evasion/cloudtrail_tampering
-- next: defense_evasion/silent_hours
-- next: config/resource_history
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  eventname ~ '^(Delete|Stop|Disable|ScheduleKeyDeletion|Disassociate|Deregister|Archive|BatchDisable|Leave)'
    or (eventname = 'PutBucketLogging' and coalesce(requestparameters, '') !~ 'LoggingEnabled')
    or (eventname = 'UpdateDetector' and requestparameters ~ '"enable"\s*:\s*false')
    or (eventname = 'CreateFilter' and requestparameters ~* '"action"\s*:\s*"archive"') as surely_weaker,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from cloudtrail
where event_time between $from and $to
  and (
    (eventsource = 'config.amazonaws.com' and eventname in (
      'StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'PutConfigurationRecorder',
      'DeleteDeliveryChannel', 'PutDeliveryChannel', 'DeleteConfigRule', 'DeleteConfigurationAggregator',
      'DeleteOrganizationConfigRule', 'DeleteConformancePack', 'PutRetentionConfiguration'
    ))
    or (eventsource = 'guardduty.amazonaws.com' and eventname in (
      'DeleteDetector', 'UpdateDetector', 'CreateFilter', 'UpdateFilter', 'CreateIPSet', 'UpdateIPSet',
      'DeleteThreatIntelSet', 'DeletePublishingDestination', 'DisassociateFromMasterAccount',
      'DisassociateFromAdministratorAccount', 'DisassociateMembers', 'DeleteMembers', 'StopMonitoringMembers',
      'ArchiveFindings', 'UpdateMemberDetectors'
    ))
    or (eventsource = 'securityhub.amazonaws.com' and eventname in (
      'DisableSecurityHub', 'BatchDisableStandards', 'UpdateStandardsControl', 'DisableImportFindingsForProduct',
      'DisassociateFromAdministratorAccount', 'DisassociateMembers', 'DeleteMembers', 'UpdateSecurityControl'
    ))
    or (eventsource in ('macie2.amazonaws.com', 'inspector2.amazonaws.com', 'detective.amazonaws.com', 'access-analyzer.amazonaws.com')
      and eventname ~ '^(Disable|Delete|Disassociate|Archive|UpdateMacieSession|CreateArchiveRule)')
    or (eventsource = 'ec2.amazonaws.com' and eventname = 'DeleteFlowLogs')
    or (eventsource = 'route53resolver.amazonaws.com' and eventname in (
      'DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig'
    ))
    or (eventsource in ('wafv2.amazonaws.com', 'waf.amazonaws.com', 'waf-regional.amazonaws.com') and eventname in (
      'DeleteLoggingConfiguration', 'DeleteWebACL', 'DisassociateWebACL'
    ))
    or (eventsource = 's3.amazonaws.com' and eventname = 'PutBucketLogging')
    or (eventsource = 'logs.amazonaws.com' and eventname in (
      'DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteSubscriptionFilter', 'DeleteMetricFilter',
      'DeleteDelivery', 'DeleteDestination'
    ))
    or (eventsource = 'monitoring.amazonaws.com' and eventname in ('DeleteAlarms', 'DisableAlarmActions'))
    or (eventsource = 'events.amazonaws.com' and eventname in ('DeleteRule', 'DisableRule', 'RemoveTargets'))
    or (eventsource = 'sns.amazonaws.com' and eventname in ('DeleteTopic', 'Unsubscribe'))
    or (eventsource = 'organizations.amazonaws.com' and eventname in (
      'DetachPolicy', 'DeletePolicy', 'DisablePolicyType', 'DisableAWSServiceAccess', 'LeaveOrganization',
      'DeregisterDelegatedAdministrator'
    ))
    or (eventsource = 'kms.amazonaws.com' and eventname in ('DisableKey', 'ScheduleKeyDeletion'))
  )
order by event_time, evidence_object, evidence_record
