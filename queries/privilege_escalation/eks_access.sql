-- title: Access to Kubernetes clusters
-- question: Who was given access to an EKS cluster, or opened its endpoint, or switched its logs off?
-- sources: cloudtrail
-- attack: T1098.006, T1562.008
-- parameter: cluster text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about cluster: the name of the cluster; null means every cluster
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Whoever makes a cluster is its administrator, without any further call.
-- trap: Access through the config map aws-auth makes no event here; it stands in the cluster's own audit log only (execution/kubernetes_audit).
-- trap: UpdateClusterConfig can open as well as close: read the columns public_access and logging.
-- trap: Failed attempts are listed as well; see error_class.
-- next: execution/kubernetes_audit
-- next: privilege_escalation/passed_roles
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'clusterName'), json_as_text(requestparameters, 'name')) as cluster_name,
    coalesce(json_as_text(requestparameters, 'principalArn'), json_as_text(requestparameters, 'roleArn')) as given_to,
    json_as_text(requestparameters, 'policyArn') as policy,
    json_get_json(requestparameters, 'kubernetesGroups') as kubernetes_groups
  from cloudtrail
  where eventsource = 'eks.amazonaws.com'
    and eventname in (
      'CreateAccessEntry', 'UpdateAccessEntry', 'AssociateAccessPolicy', 'CreatePodIdentityAssociation', 'UpdatePodIdentityAssociation',
      'AssociateIdentityProviderConfig', 'UpdateClusterConfig', 'CreateCluster', 'RegisterCluster', 'CreateAddon', 'CreateNodegroup', 'CreateFargateProfile',
      'DeleteAccessEntry', 'DisassociateAccessPolicy'
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  cluster_name,
  given_to,
  coalesce(policy ~ '(ClusterAdmin|AmazonEKSAdmin)Policy', false) or coalesce(kubernetes_groups ~ 'system:masters', false) as is_admin,
  policy,
  kubernetes_groups,
  json_get_json(requestparameters, 'resourcesVpcConfig') as public_access,
  json_get_json(requestparameters, 'logging') as logging,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where $cluster is null or cluster_name = $cluster
order by event_time, evidence_object, evidence_record
