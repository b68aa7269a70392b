-- title: What has to be rotated
-- question: Which secrets, parameters, keys, passwords, tokens and settings did the actor read, make or use, and so have to be changed?
-- sources: cloudtrail
-- attack: T1552, T1555.006
-- parameter: actor text = null
-- parameter: ip text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: access keys, or parts of ARNs or unique ids, separated by commas; null means whoever called from a place that was new for the principal after the quiet_days
-- about ip: addresses or networks of the actor, separated by commas; null means any
-- about quiet_days: how many days after the first event of the case count as quiet; not asked with an actor or an address
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without actor and address, a colleague at a new place is taken for the intruder, and an intruder at a known place is missed: give the keys and addresses that you know.
-- trap: Only what the log names: a call by path or filter (GetParametersByPath) names the path, and everything below it counts as known.
-- trap: Settings and objects may hold secrets; whether they do, the log does not say. Objects are folded by bucket here (exfiltration/objects_read lists them).
-- trap: Refused reads are left out; hours whose logs are missing can hide more.
-- trap: Temporary credentials (ASIA) end by themselves, but not before their time: deny what was issued before.
-- next: credential_access/secrets_read
-- next: exfiltration/objects_read
-- next: persistence/federation_tokens
with known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    sourceipaddress as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer_name
  from cloudtrail
  where error_class = 'success'
    and coalesce(useridentity.principalid, '') not in ('ANONYMOUS_PRINCIPAL', 'anonymous')
    and coalesce(useridentity.accountid, '') not in ('ANONYMOUS_PRINCIPAL', 'anonymous')
    and event_time between $from and $to
), chosen as (
  select calls.*
  from calls
  left join known on known.issuer = calls.issuer_name and known.place = calls.sourceipaddress
  where calls.issuer_name not in ('-', '') and case
      when $actor is null and $ip is null then known.pair_first >= known.quiet_until and ip_kind(calls.sourceipaddress) <> 'none'
      else ($ip is null or ip_in_cidr(calls.sourceipaddress, $ip))
        and ($actor is null
          or array_has(string_to_array(replace($actor, ' ', ''), ','), calls.useridentity.accesskeyid)
          or coalesce(calls.useridentity.arn, '') ~ replace(replace(replace($actor, ' ', ''), ',', '|'), '.', '\.')
          or coalesce(calls.useridentity.principalid, '') ~ replace(replace(replace($actor, ' ', ''), ',', '|'), '.', '\.'))
    end
), things as (
  select
    account, region, event_time, evidence_object, evidence_record, issuer_name, sourceipaddress, eventname,
    unnest(make_array(
      case when starts_with(useridentity.accesskeyid, 'AKIA') then concat('key that was used|', useridentity.accesskeyid) else '' end,
      case
        when eventname = 'GetSecretValue' then concat('secret read|', json_as_text(requestparameters, 'secretId'))
        when eventname = 'BatchGetSecretValue' then concat('secret read|', coalesce(
          json_get_json(requestparameters, 'secretIdList'), json_get_json(requestparameters, 'filters')))
        when eventsource = 'ssm.amazonaws.com' and eventname ~ '^GetParameter' then concat('parameter read|', coalesce(
          json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'path'), json_get_json(requestparameters, 'names')))
        when eventname = 'CreateAccessKey' then concat('access key made|', json_as_text(responseelements, 'accessKey', 'accessKeyId'))
        when eventname in ('CreateLoginProfile', 'UpdateLoginProfile') then concat('password set|', json_as_text(requestparameters, 'userName'))
        when eventname in ('CreateServiceSpecificCredential', 'ResetServiceSpecificCredential', 'UploadSSHPublicKey')
          then concat('service credential|', json_as_text(requestparameters, 'userName'))
        when eventname in ('GetFederationToken', 'GetSessionToken') then concat('token|', json_as_text(responseelements, 'credentials', 'accessKeyId'))
        when eventname in ('GetAuthorizationToken', 'GetClusterCredentials', 'GetCredentials') then concat('token|', eventsource)
        when eventname in ('GetPasswordData', 'CreateKeyPair') then concat('password or key of machines|', coalesce(
          json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'keyName')))
        when eventsource = 'lambda.amazonaws.com' and eventname ~ '^(GetFunction|ListFunctions)'
          then concat('settings read|', coalesce(json_as_text(requestparameters, 'functionName'), 'all functions of the region'))
        when eventname in ('DescribeTaskDefinition', 'BatchGetProjects', 'GetTemplate', 'DescribeLaunchTemplateVersions', 'DescribeJobDefinitions')
          then concat('settings read|', eventname, ' ', coalesce(json_as_text(requestparameters, 'taskDefinition'), json_as_text(requestparameters, 'stackName'), '?'))
        when eventname = 'DescribeInstanceAttribute' and requestparameters ~* 'userData' then concat('settings read|', json_as_text(requestparameters, 'instanceId'))
        when eventsource = 's3.amazonaws.com' and eventname = 'GetObject' then concat('objects read|', json_as_text(requestparameters, 'bucketName'))
        when eventsource = 's3.amazonaws.com' and eventname = 'CopyObject'
          then concat('objects read|', split_part(trim(leading '/' from json_as_text(requestparameters, 'x-amz-copy-source')), '/', 1))
        else ''
      end
    )) as thing
  from chosen
)
select
  split_part(thing, '|', 1) as kind,
  nullif(substr(thing, strpos(thing, '|') + 1), '') as name,
  account,
  array_to_string(array_sort(array_agg(distinct region)), ', ') as regions,
  count(*) as calls,
  array_to_string(array_sort(array_agg(distinct issuer_name)), ', ') as by_whom,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from things
where thing <> ''
group by thing, account
order by kind, first_time, name nulls first, account nulls first
