-- title: Tasks, jobs, builds and notebooks
-- question: Who started or redefined containers, builds, jobs, clusters or notebooks, with which image, command and role?
-- sources: cloudtrail
-- attack: T1610, T1204.003, T1059.009, T1578.002
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A definition (RegisterTaskDefinition, CreateProject, RegisterJobDefinition) runs nothing by itself, but the next start takes it, whoever starts it.
-- trap: Services start tasks on their own (scaling, schedules); invoked_by names them.
-- trap: ExecuteCommand opens a shell in a running container; what is typed in it makes no event.
-- trap: Buildspecs, scripts and values of environment variables are mostly not in the log or are hidden.
-- trap: Of a list of containers the images are listed; failed attempts are listed as well, see error_class.
-- next: privilege_escalation/passed_roles
-- next: credential_access/function_credentials
-- next: execution/first_use_of_compute
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'taskDefinition'), json_as_text(requestparameters, 'family'), json_as_text(requestparameters, 'projectName'),
      json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'jobName'), json_as_text(requestparameters, 'jobDefinitionName'),
      json_as_text(requestparameters, 'task'), json_as_text(requestparameters, 'notebookInstanceName'), json_as_text(requestparameters, 'trainingJobName'),
      json_as_text(requestparameters, 'processingJobName'), json_as_text(requestparameters, 'serviceName'), json_as_text(requestparameters, 'jobFlowId'),
      json_as_text(requestparameters, 'applicationId'), json_as_text(requestparameters, 'environmentName'), json_as_text(requestparameters, 'service')
    ) as what,
    coalesce(json_as_text(requestparameters, 'cluster'), json_as_text(requestparameters, 'jobQueue')) as runs_on,
    coalesce(
      json_as_text(requestparameters, 'containerProperties', 'image'), json_as_text(requestparameters, 'environment', 'image'),
      json_as_text(requestparameters, 'imageOverride'), json_as_text(requestparameters, 'algorithmSpecification', 'trainingImage'),
      json_as_text(requestparameters, 'appSpecification', 'imageUri'),
      json_as_text(requestparameters, 'sourceConfiguration', 'imageRepository', 'imageIdentifier'),
      nullif(array_to_string(regexp_match(requestparameters, '"image"\s*:\s*"([^"]*)"'), ', '), '')
    ) as image,
    coalesce(
      json_as_text(requestparameters, 'command'), json_get_json(requestparameters, 'overrides', 'containerOverrides'),
      json_get_json(requestparameters, 'containerOverrides', 'command'), json_get_json(requestparameters, 'containerProperties', 'command'),
      json_as_text(requestparameters, 'buildspecOverride'), json_get_json(requestparameters, 'steps')
    ) as command,
    coalesce(
      json_as_text(requestparameters, 'taskRoleArn'), json_as_text(requestparameters, 'overrides', 'taskRoleArn'), json_as_text(requestparameters, 'serviceRole'),
      json_as_text(requestparameters, 'role'), json_as_text(requestparameters, 'roleArn'), json_as_text(requestparameters, 'containerProperties', 'jobRoleArn'),
      json_as_text(requestparameters, 'executionRoleArn'), json_as_text(requestparameters, 'jobFlowRole')
    ) as role
  from cloudtrail
  where (
      (eventsource = 'ecs.amazonaws.com' and eventname in (
        'RunTask', 'StartTask', 'ExecuteCommand', 'RegisterTaskDefinition', 'CreateService', 'UpdateService', 'CreateCluster', 'RegisterContainerInstance'))
      or (eventsource = 'codebuild.amazonaws.com' and eventname in (
        'StartBuild', 'StartBuildBatch', 'RetryBuild', 'CreateProject', 'UpdateProject', 'CreateWebhook', 'ImportSourceCredentials', 'StartSandbox'))
      or (eventsource = 'batch.amazonaws.com' and eventname in ('SubmitJob', 'RegisterJobDefinition', 'CreateComputeEnvironment', 'UpdateComputeEnvironment'))
      or (eventsource = 'glue.amazonaws.com' and eventname in (
        'CreateJob', 'UpdateJob', 'StartJobRun', 'CreateDevEndpoint', 'UpdateDevEndpoint', 'CreateSession', 'RunStatement', 'CreateTrigger'))
      or (eventsource = 'sagemaker.amazonaws.com' and eventname ~
        '^(CreateNotebookInstance|CreatePresigned|CreateTrainingJob|CreateProcessingJob|CreateApp$|CreateUserProfile|CreateModel$|StartNotebook|UpdateNotebook)')
      or (eventsource in ('elasticmapreduce.amazonaws.com', 'emr-serverless.amazonaws.com') and eventname in (
        'RunJobFlow', 'AddJobFlowSteps', 'StartJobRun', 'CreateApplication', 'CreateStudio'))
      or (eventsource = 'codepipeline.amazonaws.com' and eventname in ('CreatePipeline', 'UpdatePipeline', 'StartPipelineExecution'))
      or (eventsource in ('apprunner.amazonaws.com', 'lightsail.amazonaws.com', 'elasticbeanstalk.amazonaws.com', 'cloud9.amazonaws.com', 'amplify.amazonaws.com')
        and eventname ~ '^(Create|Update|Start)')
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  what,
  runs_on,
  image,
  command,
  role,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where $actor is null
  or useridentity.accesskeyid = $actor
  or strpos(useridentity.arn, $actor) > 0
  or strpos(useridentity.principalid, $actor) > 0
order by event_time, evidence_object, evidence_record
