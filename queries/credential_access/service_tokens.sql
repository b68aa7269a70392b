-- title: Tokens of other services
-- question: Who got tokens for registries, repositories, clusters, databases or web consoles, from where, and was that new?
-- sources: cloudtrail
-- attack: T1528, T1552.007, T1550.001
-- parameter: actor text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Tokens for EKS and for logins to RDS with IAM are signed by the caller itself: they make no event here, only the login in the cluster's or database's own log.
-- trap: A token for a registry lives 12 hours and works without the key that asked for it; what was pulled stands under BatchGetImage and GetDownloadUrlForLayer (pulls).
-- trap: Builds ask for such tokens all day: one line for each principal, action and address, those first that were new after the quiet_days.
-- next: triage/principal_sessions
-- next: privilege_escalation/eks_access
-- next: credential_access/database_passwords
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as getter
  from cloudtrail
  where (
      (eventsource in ('ecr.amazonaws.com', 'ecr-public.amazonaws.com') and eventname = 'GetAuthorizationToken')
      or (eventsource = 'codeartifact.amazonaws.com' and eventname = 'GetAuthorizationToken')
      or (eventsource = 'codecommit.amazonaws.com' and eventname in ('GitPull', 'GitPush'))
      or (eventsource = 'iam.amazonaws.com' and eventname in ('CreateServiceSpecificCredential', 'ResetServiceSpecificCredential'))
      or (eventsource = 'redshift.amazonaws.com' and eventname in ('GetClusterCredentials', 'GetClusterCredentialsWithIAM'))
      or (eventsource = 'redshift-serverless.amazonaws.com' and eventname = 'GetCredentials')
      or (eventsource = 'sts.amazonaws.com' and eventname in ('GetWebIdentityToken', 'GetServiceBearerToken'))
      or (eventsource = 'signin.amazonaws.com' and eventname in ('GetSigninToken', 'CreateOAuth2Token'))
      or (eventsource = 'cognito-identity.amazonaws.com' and eventname in ('GetCredentialsForIdentity', 'GetOpenIdToken', 'GetOpenIdTokenForDeveloperIdentity'))
      or (eventsource = 'sagemaker.amazonaws.com' and eventname ~ '^CreatePresigned')
      or (eventsource in ('airflow.amazonaws.com', 'grafana.amazonaws.com') and eventname in (
        'CreateCliToken', 'CreateWebLoginToken', 'CreateWorkspaceApiKey', 'CreateWorkspaceServiceAccountToken'))
      or (eventsource in ('appsync.amazonaws.com', 'apigateway.amazonaws.com') and eventname in ('CreateApiKey', 'GetApiKeys', 'GetApiKey', 'ListApiKeys'))
    )
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), pulled as (
  select coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as getter, sourceipaddress as ip, count(*) as pulls
  from cloudtrail
  where eventsource = 'ecr.amazonaws.com'
    and eventname in ('BatchGetImage', 'GetDownloadUrlForLayer')
    and event_time between $from and $to
  group by 1, 2
), folded as (
  select
    account, region, getter, eventsource as service, eventname as action, sourceipaddress as ip,
    count(*) filter (where event_time between $from and $to) as tokens,
    count(*) filter (where error_class = 'denied' and event_time between $from and $to) as denied,
    min(useragent) as a_user_agent,
    min(event_time) as first_ever,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where $actor is null
    or useridentity.accesskeyid = $actor
    or strpos(useridentity.arn, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  group by account, region, getter, eventsource, eventname, sourceipaddress
)
select
  folded.first_ever >= begun.quiet_until as is_new, folded.getter, folded.service, folded.action, folded.tokens, folded.denied,
  case when folded.service = 'ecr.amazonaws.com' then coalesce(pulled.pulls, 0) end as pulls,
  folded.ip, folded.a_user_agent, folded.account, folded.region, folded.first_ever, folded.last_time, folded.evidence_object, folded.evidence_record
from folded
cross join begun
left join pulled on pulled.getter = folded.getter and (pulled.ip is not distinct from folded.ip)
where folded.tokens > 0
order by is_new desc, folded.first_ever desc, folded.getter nulls first, folded.service, folded.action, folded.ip nulls first, folded.account nulls first,
  folded.region nulls first
