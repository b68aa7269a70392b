-- title: Commands and sessions through Systems Manager
-- question: Who ran commands, opened sessions or started automations through Systems Manager, and on which machines?
-- sources: cloudtrail, config_items
-- attack: T1651, T1059, T1021.007
-- parameter: machine text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about machine: the id of the instance or managed node; null means every machine
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: What was run mostly does not stand in the log: parameters are hidden (HIDDEN_DUE_TO_SECURITY_REASONS). Output of sessions and commands lies in CloudWatch Logs or S3 only where that was set up.
-- trap: A target by tag or resource group does not say which machines were hit; machine then holds the rule.
-- trap: known_to_config says what AWS Config knew of the machine at that time; null is "cannot say", not "no such machine".
-- trap: A session runs as ssm-user, and what is typed in it makes no event; AWS-StartPortForwardingSession documents are tunnels.
-- trap: An association or a maintenance window runs again and again, also after the caller lost access.
-- trap: Failed attempts are listed as well; see error_class.
-- next: host/commands
-- next: execution/instance_connect
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'documentName'), json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'taskArn')) as document,
    case when strpos(coalesce(requestparameters, ''), 'HIDDEN_DUE_TO_SECURITY_REASONS') > 0 then null
      else json_get_json(requestparameters, 'parameters') end as shown_parameters,
    strpos(coalesce(requestparameters, ''), 'HIDDEN_DUE_TO_SECURITY_REASONS') > 0 as parameters_hidden,
    coalesce(json_as_text(responseelements, 'command', 'commandId'), json_as_text(responseelements, 'sessionId'),
      json_as_text(responseelements, 'automationExecutionId'), json_as_text(responseelements, 'associationDescription', 'associationId')) as run_id,
    case
      when json_get_json(requestparameters, 'instanceIds') like '["%' then json_get_array(json_get_json(requestparameters, 'instanceIds'))
      else make_array(coalesce(
        json_get_json(requestparameters, 'target'), json_get_json(requestparameters, 'instanceId'), json_get_json(requestparameters, 'targets'), ''
      ))
    end as machines
  from cloudtrail
  where eventsource in ('ssm.amazonaws.com', 'ssmmessages.amazonaws.com')
    and eventname in (
      'SendCommand', 'StartSession', 'ResumeSession', 'TerminateSession', 'StartAutomationExecution', 'StartChangeRequestExecution', 'CreateAssociation',
      'CreateAssociationBatch', 'UpdateAssociation', 'StartAssociationsOnce', 'RegisterTaskWithMaintenanceWindow', 'CreateDocument', 'UpdateDocument',
      'UpdateDocumentDefaultVersion', 'ModifyDocumentPermission', 'CreateActivation', 'StartAccessRequest', 'GetCommandInvocation'
    )
    and event_time between $from and $to
), placed as (
  select *, unnest(machines) as machine_json from calls
), named as (
  select *, nullif(trim(both '"' from machine_json), '') as machine from placed
)
select
  named.evidence_object,
  named.evidence_record,
  named.event_time,
  named.account,
  named.region,
  named.eventname as action,
  named.document,
  named.machine,
  s.state as known_to_config,
  named.parameters_hidden,
  named.shown_parameters as parameters,
  named.run_id,
  named.useridentity.arn as actor,
  named.useridentity.accesskeyid as access_key,
  named.useridentity.invokedby as invoked_by,
  named.sourceipaddress as ip,
  named.useragent as user_agent,
  named.error_class
from named
left join config_states s
  on s.resourceid = named.machine and s.awsaccountid = named.account and s.resourcetype = 'AWS::EC2::Instance'
  and s.valid_from <= named.event_time and (s.valid_to is null or s.valid_to > named.event_time)
where $machine is null or named.machine = $machine
order by named.event_time, named.evidence_object, named.evidence_record, named.machine nulls first
