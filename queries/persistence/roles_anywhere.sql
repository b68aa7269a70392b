-- title: Roles Anywhere and certificate authorities
-- question: Who made or changed trust anchors, profiles and certificates that let machines outside of AWS take roles, and which sessions came of them?
-- sources: cloudtrail
-- attack: T1098.001, T1606, T1550.001
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A trust anchor with a certificate of the intruder's own is a key that no list of access keys shows.
-- trap: Anchors and profiles belong to one region; roles must trust rolesanywhere.amazonaws.com as well.
-- trap: Sessions (CreateSession) are folded: one line for each profile, role, certificate and address.
-- trap: Certificates that an own authority issued (IssueCertificate) stand here only where AWS Private CA made them.
-- trap: Failed attempts are listed as well; see error_class.
-- next: persistence/trust_policy_changes
-- next: privilege_escalation/assume_role_edges
-- next: persistence/identity_providers
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'profileArn'), json_as_text(requestparameters, 'profileId')) as profile,
    coalesce(
      json_as_text(requestparameters, 'trustAnchorArn'), json_as_text(requestparameters, 'trustAnchorId'), json_as_text(requestparameters, 'crlId'),
      json_as_text(requestparameters, 'certificateAuthorityArn'), json_as_text(responseelements, 'certificateAuthorityArn'),
      json_as_text(requestparameters, 'certificateArn'), json_as_text(responseelements, 'certificateArn')
    ) as anchor,
    coalesce(json_as_text(requestparameters, 'roleArn'), json_get_json(requestparameters, 'roleArns')) as role,
    coalesce(json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'cert', 'subject'), useridentity.principalid) as name,
    json_as_text(responseelements, 'credentialSet', 0, 'credentials', 'accessKeyId') as new_key
  from cloudtrail
  where (
      (eventsource = 'rolesanywhere.amazonaws.com' and (coalesce(is_write, true) or eventname = 'CreateSession'))
      or (eventsource = 'acm-pca.amazonaws.com' and eventname in (
        'CreateCertificateAuthority', 'ImportCertificateAuthorityCertificate', 'IssueCertificate', 'CreatePermission', 'PutPolicy', 'UpdateCertificateAuthority'))
      or (eventsource = 'iam.amazonaws.com' and eventname in ('UploadSigningCertificate', 'UpdateSigningCertificate'))
    )
    and event_time between $from and $to
)
select
  account,
  region,
  eventname as action,
  anchor,
  profile,
  role,
  name,
  coalesce(useridentity.arn, useridentity.principalid) as actor,
  sourceipaddress as ip,
  error_class,
  count(*) as events,
  min(new_key) as a_new_key,
  min(useragent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from calls
group by account, region, eventname, anchor, profile, role, name, coalesce(useridentity.arn, useridentity.principalid), sourceipaddress, error_class
order by first_time, action, account nulls first, region nulls first, anchor nulls first, profile nulls first, role nulls first, name nulls first,
  actor nulls first, ip nulls first, error_class
