-- The flat columns of the file in the nesting that AWS and Athena give them. A filter on a nested field becomes a
-- filter on the flat column, with its statistics and Bloom filter.
select
  evidence_object, evidence_record, evidence_offset, event_time, account, region, ips, actors, keys, resources, record_hash,
  error_class, is_write, session_id,
  eventversion,
  named_struct(
    'type', useridentity_type,
    'principalid', useridentity_principalid,
    'arn', useridentity_arn,
    'accountid', useridentity_accountid,
    'invokedby', useridentity_invokedby,
    'accesskeyid', useridentity_accesskeyid,
    'username', useridentity_username,
    'identityprovider', useridentity_identityprovider,
    'credentialid', useridentity_credentialid,
    'onbehalfof', named_struct(
      'userid', useridentity_onbehalfof_userid,
      'identitystorearn', useridentity_onbehalfof_identitystorearn),
    'sessioncontext', named_struct(
      'attributes', named_struct(
        'mfaauthenticated', useridentity_sessioncontext_attributes_mfaauthenticated,
        'creationdate', useridentity_sessioncontext_attributes_creationdate),
      'sessionissuer', named_struct(
        'type', useridentity_sessioncontext_sessionissuer_type,
        'principalid', useridentity_sessioncontext_sessionissuer_principalid,
        'arn', useridentity_sessioncontext_sessionissuer_arn,
        'accountid', useridentity_sessioncontext_sessionissuer_accountid,
        'username', useridentity_sessioncontext_sessionissuer_username),
      'sourceidentity', useridentity_sessioncontext_sourceidentity,
      'ec2roledelivery', useridentity_sessioncontext_ec2roledelivery,
      'webidfederationdata', useridentity_sessioncontext_webidfederationdata)
  ) as useridentity,
  event_time as eventtime,
  eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode, errormessage,
  requestparameters, responseelements, additionaleventdata, requestid, eventid, event_resources, eventtype, apiversion,
  readonly, managementevent, recipientaccountid, serviceeventdetails, sharedeventid, vpcendpointid, vpcendpointaccountid,
  eventcategory, insightdetails,
  named_struct(
    'reason', addendum_reason,
    'updatedfields', addendum_updatedfields,
    'originalrequestid', addendum_originalrequestid,
    'originaleventid', addendum_originaleventid) as addendum,
  sessioncredentialfromconsole, edgedevicedetails,
  named_struct(
    'tlsversion', tlsdetails_tlsversion,
    'ciphersuite', tlsdetails_ciphersuite,
    'clientprovidedhostheader', tlsdetails_clientprovidedhostheader) as tlsdetails,
  extra,
  date
from lake.cloudtrail
