-- title: From the API into machines
-- question: Who got into instances, containers or databases by API: commands and sessions of SSM, instance connect, serial console, passwords, user data, ECS exec?
-- sources: cloudtrail
-- attack: T1021.008, T1651, T1021.004, T1059.009
-- parameter: target text = null
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about target: an instance, task, function or node that the call names; null means every one
-- about actor: part of the ARN of the actor or of the root of its chain; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The text of commands is hidden by the service (HIDDEN_DUE_TO_SECURITY_REASONS); host/commands shows what the machine itself logged.
-- trap: A command can name its targets by tags; then no instance stands in the call, and targets is null.
-- trap: earlier_calls counts the same action by the same root before, in all collected logs; automation runs commands every day.
-- trap: An instance connect key lives 60 seconds; who logged in with it stands in host/ssh_logins.
-- trap: Failed and dry attempts are listed as well; see error_class.
-- next: host/ssh_logins
-- next: host/commands
-- next: lateral_movement/instance_role_after_entry
with calls as (
  select
    *,
    case
      when eventname in ('SendCommand', 'StartAutomationExecution', 'CreateAssociation', 'CreateAssociationBatch', 'UpdateAssociation') then 'command'
      when eventname in ('StartSession', 'ResumeSession') then 'session'
      when eventname ~ '^Send(Serial)?(Console)?SSHPublicKey$' or eventname in ('SendSSHPublicKey', 'OpenTunnel') then 'login key'
      when eventname in ('EnableSerialConsoleAccess', 'GetConsoleScreenshot', 'GetConsoleOutput') then 'console'
      when eventname = 'GetPasswordData' then 'password read'
      when eventname = 'ExecuteCommand' then 'container'
      when eventname in ('ModifyInstanceAttribute', 'CreateLaunchTemplateVersion') then 'user data'
      when eventname in ('AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation') then 'role of machine'
      else 'cluster or database'
    end as way
  from cloudtrail
  where (eventsource = 'ssm.amazonaws.com' and eventname in ('SendCommand', 'StartSession', 'ResumeSession', 'StartAutomationExecution', 'CreateAssociation', 'CreateAssociationBatch', 'UpdateAssociation', 'CreateActivation'))
    or (eventsource = 'ec2-instance-connect.amazonaws.com' and eventname in ('SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey', 'OpenTunnel'))
    or (eventsource = 'ec2.amazonaws.com' and (
      eventname in ('GetPasswordData', 'EnableSerialConsoleAccess', 'GetConsoleScreenshot', 'AssociateIamInstanceProfile', 'ReplaceIamInstanceProfileAssociation')
      or (eventname in ('ModifyInstanceAttribute', 'CreateLaunchTemplateVersion') and requestparameters ~* 'userdata')))
    or (eventsource = 'ecs.amazonaws.com' and eventname = 'ExecuteCommand')
    or (eventsource = 'eks.amazonaws.com' and eventname in ('CreateAccessEntry', 'AssociateAccessPolicy', 'UpdateClusterConfig'))
    or (eventsource = 'rds-data.amazonaws.com' and eventname in ('ExecuteStatement', 'BatchExecuteStatement'))
    or (eventsource = 'sagemaker.amazonaws.com' and eventname in ('CreatePresignedNotebookInstanceUrl', 'CreatePresignedDomainUrl'))
    or (eventsource = 'cloud9.amazonaws.com' and eventname in ('CreateEnvironmentSSH', 'CreateEnvironmentMembership', 'CreateEnvironmentToken'))
), roots as (
  select session_id, min(actor) as root, min(sessionissuer_arn) as role from sessions group by session_id
), numbered as (
  select
    c.*,
    coalesce(r.root, c.useridentity.arn, c.useridentity.principalid) as root,
    row_number() over (partition by coalesce(r.root, c.useridentity.arn, c.useridentity.principalid), c.eventname order by c.event_time, c.evidence_object, c.evidence_record) - 1 as earlier_calls
  from calls c
  left join roots r on r.session_id = c.session_id
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  way,
  eventsource as service,
  eventname as action,
  coalesce(
    json_as_text(requestparameters, 'instanceIds'), json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'target'),
    json_as_text(requestparameters, 'task'), json_as_text(requestparameters, 'resourceArn'),
    json_as_text(requestparameters, 'AssociateIamInstanceProfileRequest', 'InstanceId'), json_as_text(requestparameters, 'notebookInstanceName'),
    json_as_text(requestparameters, 'name')
  ) as targets,
  json_as_text(requestparameters, 'documentName') as document,
  json_as_text(requestparameters, 'instanceOSUser') as os_user,
  root,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  earlier_calls,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from numbered
where event_time between $from and $to
  and ($target is null or strpos(requestparameters, $target) > 0)
  and ($actor is null or strpos(useridentity.arn, $actor) > 0 or strpos(root, $actor) > 0)
order by event_time, evidence_object, evidence_record
