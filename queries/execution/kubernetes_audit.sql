-- title: Kubernetes: shells, strangers, admins and secrets
-- question: Who opened shells in pods, came in without a name, made cluster admins or privileged pods, or read secrets, by the audit log of EKS?
-- sources: cloudwatch_logs
-- attack: T1609, T1610, T1078.004, T1552.007
-- parameter: user text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: part of the name of the user or service account; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The audit log of a cluster is there only where it was switched on and exported; an empty answer without any line of it is "cannot say".
-- trap: Users of AWS are mapped to names of Kubernetes; the ARN stands in aws_arn where the authenticator wrote it.
-- trap: system:anonymous gets versions and health checks of any open endpoint with 200 or 403; what counts is a success on anything else.
-- trap: exec is logged when the shell opens; what is typed in it is not.
-- trap: Of privileged pods the log shows the spec only at the audit level Request; EKS writes it for pods.
-- trap: Users of the control plane (system:node, system:kube-…, eks:) are left out but for shells and privileged pods.
-- next: privilege_escalation/eks_access
-- next: credential_access/service_tokens
with logged as (
  select
    evidence_object, evidence_record, event_time, account, region, log_group, message,
    json_as_text(message, 'user', 'username') as user_name,
    json_as_text(message, 'verb') as verb,
    json_as_text(message, 'objectRef', 'resource') as resource,
    json_as_text(message, 'objectRef', 'subresource') as subresource,
    json_as_text(message, 'objectRef', 'namespace') as namespace,
    json_as_text(message, 'objectRef', 'name') as name,
    json_as_text(message, 'requestURI') as uri,
    json_as_text(message, 'responseStatus', 'code') as code,
    json_as_text(message, 'sourceIPs', 0) as ip,
    json_as_text(message, 'userAgent') as user_agent,
    json_as_text(message, 'user', 'extra', 'arn', 0) as aws_arn,
    json_get_json(message, 'requestObject') as request_object
  from cloudwatch_logs
  where message like '{%' and message like '%audit.k8s.io%'
    and json_as_text(message, 'kind') = 'Event'
    and json_as_text(message, 'stage') = 'ResponseComplete'
    and event_time between $from and $to
), judged as (
  select
    *,
    case
      when subresource in ('exec', 'attach', 'portforward', 'ephemeralcontainers') then 'shell or tunnel into a pod'
      when user_name = 'system:anonymous' and coalesce(code, '') like '2%' and coalesce(uri, '') !~ '^/(healthz|livez|readyz|version)' then 'anonymous and answered'
      when user_name = 'system:anonymous' then 'anonymous'
      when resource in ('clusterrolebindings', 'rolebindings') and verb in ('create', 'update', 'patch') and coalesce(request_object, '') ~ 'cluster-admin'
        then 'cluster admin made'
      when resource in ('clusterrolebindings', 'rolebindings', 'clusterroles', 'roles') and verb in ('create', 'update', 'patch', 'bind', 'escalate') then 'rights changed'
      when resource in ('pods', 'deployments', 'daemonsets', 'jobs', 'cronjobs', 'statefulsets') and verb in ('create', 'update', 'patch')
        and coalesce(request_object, '') ~ '"(privileged|hostPID|hostNetwork|hostIPC)"\s*:\s*true|"hostPath"' then 'privileged pod or host access'
      when resource = 'serviceaccounts' and subresource = 'token' then 'token made'
      when resource = 'secrets' and verb in ('get', 'list', 'watch') then 'secrets read'
    end as kind
  from logged
)
select
  kind,
  account,
  region,
  log_group,
  user_name,
  verb,
  concat_ws('/', resource, subresource) as resource,
  namespace,
  code,
  count(*) as events,
  count(distinct name) as names,
  array_to_string(array_slice(array_sort(array_agg(distinct name)), 1, 10), ', ') as a_few_names,
  array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
  min(aws_arn) as aws_arn,
  min(user_agent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from judged
where kind is not null
  and (kind in ('shell or tunnel into a pod', 'privileged pod or host access') or user_name = 'system:anonymous'
    or coalesce(user_name, '') !~ '^(system:(node|kube-|serviceaccount:kube-system:|apiserver)|eks:)')
  and ($user is null or strpos(user_name, $user) > 0 or strpos(aws_arn, $user) > 0)
group by kind, account, region, log_group, user_name, verb, concat_ws('/', resource, subresource), namespace, code
order by
  case kind when 'anonymous and answered' then 0 when 'cluster admin made' then 1 when 'shell or tunnel into a pod' then 2
    when 'privileged pod or host access' then 3 when 'rights changed' then 4 when 'token made' then 5 when 'secrets read' then 6 else 7 end,
  first_time, account nulls first, region nulls first, log_group nulls first, user_name nulls first, verb nulls first, resource nulls first,
  namespace nulls first, code nulls first
