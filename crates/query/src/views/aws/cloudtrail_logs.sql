-- Columns as in "Create a table for CloudTrail logs in Athena using manual partitioning" and "… using partition
-- projection" (Athena User Guide), then the partition columns of those pages and of AWS's published tables.
-- Where it differs: the day is that of the event, not that of the object's key; `useridentity` is never null; what
-- webidfederationdata.attributes holds is JSON text and not a map.
select
  eventversion,
  named_struct(
    'type', useridentity_type,
    'principalid', useridentity_principalid,
    'arn', useridentity_arn,
    'accountid', useridentity_accountid,
    'invokedby', useridentity_invokedby,
    'accesskeyid', useridentity_accesskeyid,
    'username', useridentity_username,
    'onbehalfof', case
      when useridentity_onbehalfof_userid is not null or useridentity_onbehalfof_identitystorearn is not null
      then named_struct(
        'userid', useridentity_onbehalfof_userid,
        'identitystorearn', useridentity_onbehalfof_identitystorearn) end,
    'sessioncontext', case
      when useridentity_sessioncontext_attributes_mfaauthenticated is not null
        or useridentity_sessioncontext_attributes_creationdate is not null
        or useridentity_sessioncontext_sessionissuer_type is not null
        or useridentity_sessioncontext_sessionissuer_principalid is not null
        or useridentity_sessioncontext_sessionissuer_arn is not null
        or useridentity_sessioncontext_sessionissuer_accountid is not null
        or useridentity_sessioncontext_sessionissuer_username is not null
        or useridentity_sessioncontext_ec2roledelivery is not null
        or useridentity_sessioncontext_webidfederationdata is not null
        or useridentity_sessioncontext_sourceidentity is not null
    then named_struct(
      'attributes', case when useridentity_sessioncontext_attributes_mfaauthenticated is not null
          or useridentity_sessioncontext_attributes_creationdate is not null
      then named_struct(
        'mfaauthenticated', cast(useridentity_sessioncontext_attributes_mfaauthenticated as varchar),
        'creationdate', aws_time(useridentity_sessioncontext_attributes_creationdate)) end,
      'sessionissuer', case
        when useridentity_sessioncontext_sessionissuer_type is not null
          or useridentity_sessioncontext_sessionissuer_principalid is not null
          or useridentity_sessioncontext_sessionissuer_arn is not null
          or useridentity_sessioncontext_sessionissuer_accountid is not null
          or useridentity_sessioncontext_sessionissuer_username is not null
        then named_struct(
          'type', useridentity_sessioncontext_sessionissuer_type,
          'principalid', useridentity_sessioncontext_sessionissuer_principalid,
          'arn', useridentity_sessioncontext_sessionissuer_arn,
          'accountid', useridentity_sessioncontext_sessionissuer_accountid,
          'username', useridentity_sessioncontext_sessionissuer_username) end,
      'ec2roledelivery', useridentity_sessioncontext_ec2roledelivery,
      'webidfederationdata', case
        when useridentity_sessioncontext_webidfederationdata is not null
        then named_struct(
          'federatedprovider', json_get_str(useridentity_sessioncontext_webidfederationdata, 'federatedProvider'),
          'attributes', json_get_json(useridentity_sessioncontext_webidfederationdata, 'attributes')) end,
      'sourceidentity', useridentity_sessioncontext_sourceidentity) end,
    'identityprovider', useridentity_identityprovider,
    'credentialid', useridentity_credentialid
  ) as useridentity,
  aws_time(event_time) as eventtime,
  eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode, errormessage,
  requestparameters, responseelements, additionaleventdata, requestid, eventid,
  hive_json(event_resources, 'array<struct<arn:string,accountid:string,type:string>>') as resources,
  eventtype, apiversion, cast(readonly as varchar) as readonly, recipientaccountid, serviceeventdetails, sharedeventid,
  vpcendpointid, vpcendpointaccountid, eventcategory,
  case
    when addendum_reason is not null or addendum_updatedfields is not null
      or addendum_originalrequestid is not null or addendum_originaleventid is not null
    then named_struct(
      'reason', addendum_reason,
      'updatedfields', addendum_updatedfields,
      'originalrequestid', addendum_originalrequestid,
      'originaleventid', addendum_originaleventid) end as addendum,
  cast(sessioncredentialfromconsole as varchar) as sessioncredentialfromconsole, edgedevicedetails, insightdetails,
  case
    when tlsdetails_tlsversion is not null or tlsdetails_ciphersuite is not null
      or tlsdetails_clientprovidedhostheader is not null
    then named_struct(
      'tlsversion', tlsdetails_tlsversion,
      'ciphersuite', tlsdetails_ciphersuite,
      'clientprovidedhostheader', tlsdetails_clientprovidedhostheader) end as tlsdetails,
  cast(managementevent as varchar) as managementevent,
  account, region, year, month, day, to_char(event_time, '%H') as hour,
  day_path as "timestamp", date_partition, concat(region, '') as region_partition, concat(account, '') as account_partition,
  evidence_object, evidence_record, event_time, ips, actors, keys, error_class, record_hash, extra, date
from lake.cloudtrail
