-- title: Ways back in that still stand
-- question: Which keys, passwords, users, rights, trusts, sessions, URLs, openings and shares were made, by whom, and which of them did no later call take back?
-- sources: cloudtrail, config_items
-- attack: T1098, T1136.003, T1098.001, T1098.003, T1556
-- parameter: actor text = null
-- parameter: only_standing boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of the caller or of the root of its chain, an access key, or an address; null means everybody
-- about only_standing: true leaves out what was taken back or ran out within the evidence
-- about from: the first call to look at
-- about to: the last call to look at
-- trap: Standing means that no call in the logs took it back, by the name of the thing; it may have been taken back in an hour that is missing, or by deleting the whole thing.
-- trap: A trust or policy that was put back is known from calls only where the later call writes the same policy; config_closed_at says when Config saw an opening of that resource end, whoever ended it.
-- trap: What was made in hours whose logs are missing is not here: config/changes_without_call has what Config saw of it.
-- trap: A temporary session goes on until it expires, though the key that made it was disabled; expires tells.
-- trap: A policy or trust that was put back by a further call of the same kind stands as well, though it mended something: read request.
-- trap: Administrators make such things every day: judge by root and ip.
-- next: config/changes_of_actor
-- next: persistence/new_access_keys
-- next: persistence/trust_policy_changes
with calls as (
  select
    evidence_object, evidence_record, event_time, account, region, eventsource, session_id, sourceipaddress, requestparameters as req, responseelements as res,
    useridentity.arn as caller, useridentity.accesskeyid as access_key,
    regexp_replace(eventname, '20[0-9]{2}_?[0-9]{2}_?[0-9]{2}(v[0-9]+)?$', '') as act
  from cloudtrail
  where error_class = 'success'
    and (coalesce(is_write, true) or eventname in ('GetFederationToken', 'GetSessionToken'))
    and eventname !~ '^(AssumeRole|UpdateFunctionCode|CreateSnapshot|CreateTags|PutObject|PutImage|CopyObject|DeleteObject|UpdateInstanceInformation|RunInstances|TerminateInstances)'
    and eventsource in (
      'iam.amazonaws.com', 'sts.amazonaws.com', 'lambda.amazonaws.com', 'ec2.amazonaws.com', 's3.amazonaws.com', 'cloudfront.amazonaws.com', 'rds.amazonaws.com',
      'kms.amazonaws.com', 'secretsmanager.amazonaws.com', 'sso.amazonaws.com', 'ssm.amazonaws.com', 'ecr.amazonaws.com', 'events.amazonaws.com', 'organizations.amazonaws.com'
    )
), named as (
  select
    *,
    unnest(make_array(case
      when act in ('CreateAccessKey', 'DeleteAccessKey') then 'access key'
      when act = 'UpdateAccessKey' then 'access key'
      when act in ('CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile') then 'password'
      when act in ('CreateUser', 'DeleteUser') then 'user'
      when act in ('CreateRole', 'DeleteRole') then 'role'
      when act in ('UpdateAssumeRolePolicy') then 'trust of a role'
      when act in ('AttachUserPolicy', 'DetachUserPolicy', 'AttachRolePolicy', 'DetachRolePolicy', 'AttachGroupPolicy', 'DetachGroupPolicy') then 'attached policy'
      when act in ('PutUserPolicy', 'DeleteUserPolicy', 'PutRolePolicy', 'DeleteRolePolicy', 'PutGroupPolicy', 'DeleteGroupPolicy') then 'inline policy'
      when act in ('CreatePolicyVersion', 'DeletePolicyVersion', 'SetDefaultPolicyVersion') then 'version of a policy'
      when act in ('AddUserToGroup', 'RemoveUserFromGroup') then 'member of a group'
      when act in ('CreateServiceSpecificCredential', 'DeleteServiceSpecificCredential', 'UploadSSHPublicKey', 'DeleteSSHPublicKey', 'UploadSigningCertificate', 'DeleteSigningCertificate') then 'credential of a service'
      when act in ('CreateSAMLProvider', 'UpdateSAMLProvider', 'DeleteSAMLProvider', 'CreateOpenIDConnectProvider', 'DeleteOpenIDConnectProvider') then 'identity provider'
      when act in ('DeactivateMFADevice', 'EnableMFADevice') then 'second factor taken away'
      when act in ('GetFederationToken', 'GetSessionToken') then 'temporary session'
      when act in ('CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig', 'DeleteFunctionUrlConfig') then 'URL of a function'
      when eventsource = 'lambda.amazonaws.com' and act in ('AddPermission', 'RemovePermission') then 'right to call a function'
      when act in ('AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress') then 'open port'
      when act in ('ImportKeyPair', 'CreateKeyPair', 'DeleteKeyPair') then 'key pair'
      when act in ('ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute') then 'share'
      when act in ('PutBucketPolicy', 'DeleteBucketPolicy') then 'policy of a bucket'
      when act in ('DeleteBucketPublicAccessBlock', 'PutBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock', 'PutAccountPublicAccessBlock') then 'block of public access taken away'
      when eventsource = 'cloudfront.amazonaws.com' and act in ('UpdateDistribution', 'CreateDistribution', 'DeleteDistribution') then 'distribution'
      when act in ('CreateGrant', 'RevokeGrant') then 'grant of a key'
      when eventsource = 'secretsmanager.amazonaws.com' and act in ('PutResourcePolicy', 'DeleteResourcePolicy') then 'policy of a secret'
      when act in ('CreateAccountAssignment', 'DeleteAccountAssignment', 'CreatePermissionSet', 'AttachManagedPolicyToPermissionSet') then 'assignment'
      when eventsource = 'ssm.amazonaws.com' and act in ('CreateActivation', 'DeleteActivation', 'CreateAssociation', 'DeleteAssociation') then 'managed machine'
      when act in ('SetRepositoryPolicy', 'DeleteRepositoryPolicy') then 'policy of a repository'
      when eventsource = 'events.amazonaws.com' and act in ('PutTargets', 'RemoveTargets') then 'target of a rule'
    end)) as kind
  from calls
), placed as (
  select
    *,
    case kind
      when 'access key' then coalesce(json_as_text(req, 'accessKeyId'), json_as_text(res, 'accessKey', 'accessKeyId'))
      when 'attached policy' then concat(coalesce(json_as_text(req, 'userName'), json_as_text(req, 'roleName'), json_as_text(req, 'groupName')), ' ', json_as_text(req, 'policyArn'))
      when 'inline policy' then concat(coalesce(json_as_text(req, 'userName'), json_as_text(req, 'roleName'), json_as_text(req, 'groupName')), ' ', json_as_text(req, 'policyName'))
      when 'member of a group' then concat(json_as_text(req, 'userName'), ' ', json_as_text(req, 'groupName'))
      when 'version of a policy' then json_as_text(req, 'policyArn')
      when 'temporary session' then json_as_text(res, 'credentials', 'accessKeyId')
      when 'right to call a function' then concat(json_as_text(req, 'functionName'), ' ', json_as_text(req, 'statementId'))
      when 'open port' then concat(
        coalesce(json_as_text(req, 'groupId'), json_as_text(req, 'groupName')), ' ',
        array_to_string(regexp_match(req, '"fromPort"\s*:\s*"?(-?[0-9]+)'), ''), ' ', array_to_string(regexp_match(req, '"cidrIp(?:v6)?"\s*:\s*"([^"]+)"'), '')
      )
      when 'share' then concat(
        coalesce(json_as_text(req, 'snapshotId'), json_as_text(req, 'imageId'), json_as_text(req, 'dBSnapshotIdentifier'), json_as_text(req, 'dBClusterSnapshotIdentifier')), ' ',
        array_to_string(regexp_match(req, '"([0-9]{12}|all)"'), '')
      )
      when 'credential of a service' then coalesce(json_as_text(req, 'sSHPublicKeyId'), json_as_text(res, 'sSHPublicKey', 'sSHPublicKeyId'), json_as_text(req, 'serviceSpecificCredentialId'), json_as_text(res, 'serviceSpecificCredential', 'serviceSpecificCredentialId'), json_as_text(req, 'certificateId'), json_as_text(res, 'certificate', 'certificateId'))
      when 'grant of a key' then coalesce(json_as_text(req, 'grantId'), json_as_text(res, 'grantId'))
      when 'second factor taken away' then json_as_text(req, 'userName')
      when 'identity provider' then coalesce(json_as_text(req, 'sAMLProviderArn'), json_as_text(res, 'sAMLProviderArn'), json_as_text(req, 'openIDConnectProviderArn'), json_as_text(res, 'openIDConnectProviderArn'))
      else coalesce(
        json_as_text(req, 'userName'), json_as_text(req, 'roleName'), json_as_text(req, 'functionName'), json_as_text(req, 'bucketName'), json_as_text(req, 'keyName'),
        json_as_text(req, 'id'), json_as_text(res, 'distribution', 'id'), json_as_text(req, 'secretId'), json_as_text(req, 'repositoryName'), json_as_text(req, 'rule'), json_as_text(req, 'name'), account
      )
    end as thing,
    act ~ '^(Delete|Detach|Remove|Revoke)' and kind not in ('block of public access taken away', 'second factor taken away')
      or (act = 'UpdateAccessKey' and json_as_text(req, 'status') = 'Inactive')
      or (kind = 'share' and req ~ '("remove"|valuesToRemove)' and req !~ '("add"|valuesToAdd)')
      or act in ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock', 'EnableMFADevice') as takes_back
  from named
  where kind is not null
), roots as (
  select session_id, min(actor) as root from sessions group by session_id
), made as (
  select p.*, r.root
  from placed p
  left join roots r on r.session_id = p.session_id
  where not p.takes_back
    and not (p.act = 'UpdateAccessKey')
    and not (p.kind = 'temporary session' and p.thing is null)
), undone as (
  select
    m.evidence_object, m.evidence_record,
    min(u.event_time) as taken_back_at,
    first_value(u.caller order by u.event_time, u.evidence_object, u.evidence_record) as taken_back_by,
    first_value(u.act order by u.event_time, u.evidence_object, u.evidence_record) as taken_back_call
  from made m
  join placed u on u.kind = m.kind and u.thing = m.thing and u.account = m.account and u.event_time > m.event_time
    and (u.takes_back or (m.kind in ('trust of a role', 'policy of a bucket', 'distribution', 'policy of a secret', 'policy of a repository') and u.act = m.act))
  group by m.evidence_object, m.evidence_record
), closed as (
  select m.evidence_object, m.evidence_record, max(e.valid_to) as config_closed_at
  from made m
  join exposures e on e.awsaccountid = m.account
    and (e.resourcename = m.thing or e.resourceid = split_part(m.thing, ' ', 1))
    and e.valid_from between m.event_time and m.event_time + interval '1 hour'
    and m.kind in ('trust of a role', 'open port', 'policy of a bucket', 'URL of a function', 'right to call a function', 'share', 'policy of a secret', 'policy of a repository')
  group by m.evidence_object, m.evidence_record
), uses as (
  select useridentity.accesskeyid as access_key, count(*) as uses, max(event_time) as last_use from cloudtrail where useridentity.accesskeyid is not null group by useridentity.accesskeyid
)
select
  m.evidence_object, m.evidence_record, m.event_time, m.account, m.region, m.kind, m.act as action, m.thing,
  undone.taken_back_at is null and closed.config_closed_at is null
    and coalesce(try_cast(json_as_text(m.res, 'credentials', 'expiration') as timestamp) > $to, true) as still_standing,
  undone.taken_back_at, undone.taken_back_by, undone.taken_back_call, closed.config_closed_at,
  json_as_text(m.res, 'credentials', 'expiration') as expires,
  uses.uses as uses_of_key, uses.last_use,
  m.root, m.caller as actor, m.access_key, m.sourceipaddress as ip, m.req as request
from made m
left join undone on undone.evidence_object = m.evidence_object and undone.evidence_record = m.evidence_record
left join closed on closed.evidence_object = m.evidence_object and closed.evidence_record = m.evidence_record
left join uses on uses.access_key = m.thing
where m.event_time between $from and $to
  and ($actor is null or strpos(m.caller, $actor) > 0 or strpos(m.root, $actor) > 0 or m.access_key = $actor or m.sourceipaddress = $actor)
  and (not $only_standing or (undone.taken_back_at is null and closed.config_closed_at is null
    and coalesce(try_cast(json_as_text(m.res, 'credentials', 'expiration') as timestamp) > $to, true)))
order by m.event_time, m.evidence_object, m.evidence_record
