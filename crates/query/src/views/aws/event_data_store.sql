-- Columns as in "CloudTrail Lake supported event schemas" (CloudTrail User Guide), for any event data store of events.
-- Where it differs: parameters, answers and details are JSON text and not maps; `useridentity` is never null;
-- resources have no arnprefix; `eventjson` is put together from the columns, with what
-- has no column under `extra`; there is no eventjsonchecksum; configuration items (`eventdata`) are not here, but in
-- `config_items` and `config_current`.
select
  eventversion,
  named_struct(
    'type', useridentity_type,
    'principalid', useridentity_principalid,
    'arn', useridentity_arn,
    'accountid', useridentity_accountid,
    'accesskeyid', useridentity_accesskeyid,
    'username', useridentity_username,
    'sessioncontext', case
      when useridentity_sessioncontext_attributes_creationdate is not null
        or useridentity_sessioncontext_attributes_mfaauthenticated is not null
        or useridentity_sessioncontext_sessionissuer_type is not null
        or useridentity_sessioncontext_sessionissuer_principalid is not null
        or useridentity_sessioncontext_sessionissuer_arn is not null
        or useridentity_sessioncontext_sessionissuer_accountid is not null
        or useridentity_sessioncontext_sessionissuer_username is not null
        or useridentity_sessioncontext_webidfederationdata is not null
        or useridentity_sessioncontext_sourceidentity is not null
        or useridentity_sessioncontext_ec2roledelivery is not null
        or json_get_str(extra, 'userIdentity', 'sessionContext', 'ec2IssuedInVpc') is not null
    then named_struct(
      'attributes', case when useridentity_sessioncontext_attributes_creationdate is not null
          or useridentity_sessioncontext_attributes_mfaauthenticated is not null
      then named_struct(
        'creationdate', useridentity_sessioncontext_attributes_creationdate,
        'mfaauthenticated', cast(useridentity_sessioncontext_attributes_mfaauthenticated as varchar)) end,
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
      'webidfederationdata', case
        when useridentity_sessioncontext_webidfederationdata is not null
        then named_struct(
          'federatedprovider', json_get_str(useridentity_sessioncontext_webidfederationdata, 'federatedProvider'),
          'attributes', json_get_json(useridentity_sessioncontext_webidfederationdata, 'attributes')) end,
      'sourceidentity', useridentity_sessioncontext_sourceidentity,
      'ec2roledelivery', useridentity_sessioncontext_ec2roledelivery,
      'ec2issuedinvpc', json_get_str(extra, 'userIdentity', 'sessionContext', 'ec2IssuedInVpc')) end,
    'invokedby', useridentity_invokedby,
    'identityprovider', useridentity_identityprovider,
    'credentialid', useridentity_credentialid,
    'onbehalfof', case
      when useridentity_onbehalfof_userid is not null or useridentity_onbehalfof_identitystorearn is not null
      then named_struct(
        'userid', useridentity_onbehalfof_userid,
        'identitystorearn', useridentity_onbehalfof_identitystorearn) end
  ) as useridentity,
  event_time as eventtime,
  eventsource, eventname, awsregion, sourceipaddress, useragent, errorcode, errormessage,
  requestparameters, responseelements, additionaleventdata, requestid, eventid, readonly,
  hive_json(event_resources, 'array<struct<arn:string,accountid:string,type:string>>') as resources,
  eventtype, apiversion, managementevent, recipientaccountid, sharedeventid,
  json_get_str(extra, 'annotation') as annotation,
  vpcendpointid, vpcendpointaccountid, serviceeventdetails,
  case
    when addendum_reason is not null or addendum_updatedfields is not null
      or addendum_originalrequestid is not null or addendum_originaleventid is not null
    then named_struct(
      'reason', addendum_reason,
      'updatedfields', addendum_updatedfields,
      'originalrequestid', addendum_originalrequestid,
      'originaleventid', addendum_originaleventid) end as addendum,
  edgedevicedetails, insightdetails, eventcategory,
  case
    when tlsdetails_tlsversion is not null or tlsdetails_ciphersuite is not null
      or tlsdetails_clientprovidedhostheader is not null
    then named_struct(
      'tlsversion', tlsdetails_tlsversion,
      'ciphersuite', tlsdetails_ciphersuite,
      'clientprovidedhostheader', tlsdetails_clientprovidedhostheader) end as tlsdetails,
  cast(sessioncredentialfromconsole as varchar) as sessioncredentialfromconsole,
  concat('{', concat_ws(',',
    '"eventVersion":' || json_union_to_text(json_from_scalar(eventversion)),
    '"userIdentity":{' || nullif(concat_ws(',',
      '"type":' || json_union_to_text(json_from_scalar(useridentity_type)),
      '"principalId":' || json_union_to_text(json_from_scalar(useridentity_principalid)),
      '"arn":' || json_union_to_text(json_from_scalar(useridentity_arn)),
      '"accountId":' || json_union_to_text(json_from_scalar(useridentity_accountid)),
      '"accessKeyId":' || json_union_to_text(json_from_scalar(useridentity_accesskeyid)),
      '"userName":' || json_union_to_text(json_from_scalar(useridentity_username)),
      '"invokedBy":' || json_union_to_text(json_from_scalar(useridentity_invokedby)),
      '"identityProvider":' || json_union_to_text(json_from_scalar(useridentity_identityprovider)),
      '"credentialId":' || json_union_to_text(json_from_scalar(useridentity_credentialid)),
      case
        when useridentity_onbehalfof_userid is not null or useridentity_onbehalfof_identitystorearn is not null
        then '"onBehalfOf":{' || concat_ws(',',
          '"userId":' || json_union_to_text(json_from_scalar(useridentity_onbehalfof_userid)),
          '"identityStoreArn":' || json_union_to_text(json_from_scalar(useridentity_onbehalfof_identitystorearn)))
          || '}' end,
      case
        when useridentity_sessioncontext_attributes_creationdate is not null
          or useridentity_sessioncontext_attributes_mfaauthenticated is not null
          or useridentity_sessioncontext_sessionissuer_type is not null
          or useridentity_sessioncontext_sessionissuer_arn is not null
          or useridentity_sessioncontext_sourceidentity is not null
          or useridentity_sessioncontext_ec2roledelivery is not null
          or useridentity_sessioncontext_webidfederationdata is not null
        then '"sessionContext":{' || concat_ws(',',
          '"sessionIssuer":{' || nullif(concat_ws(',',
            '"type":' || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sessionissuer_type)),
            '"principalId":'
              || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sessionissuer_principalid)),
            '"arn":' || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sessionissuer_arn)),
            '"accountId":' || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sessionissuer_accountid)),
            '"userName":'
              || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sessionissuer_username))), '') || '}',
          '"webIdFederationData":' || useridentity_sessioncontext_webidfederationdata,
          '"attributes":{' || nullif(concat_ws(',',
            '"creationDate":"' || aws_time(useridentity_sessioncontext_attributes_creationdate) || '"',
            '"mfaAuthenticated":"'
              || cast(useridentity_sessioncontext_attributes_mfaauthenticated as varchar) || '"'), '') || '}',
          '"sourceIdentity":' || json_union_to_text(json_from_scalar(useridentity_sessioncontext_sourceidentity)),
          '"ec2RoleDelivery":' || json_union_to_text(json_from_scalar(useridentity_sessioncontext_ec2roledelivery)))
          || '}' end
    ), '') || '}',
    '"eventTime":"' || aws_time(event_time) || '"',
    '"eventSource":' || json_union_to_text(json_from_scalar(eventsource)),
    '"eventName":' || json_union_to_text(json_from_scalar(eventname)),
    '"awsRegion":' || json_union_to_text(json_from_scalar(awsregion)),
    '"sourceIPAddress":' || json_union_to_text(json_from_scalar(sourceipaddress)),
    '"userAgent":' || json_union_to_text(json_from_scalar(useragent)),
    '"errorCode":' || json_union_to_text(json_from_scalar(errorcode)),
    '"errorMessage":' || json_union_to_text(json_from_scalar(errormessage)),
    '"requestParameters":' || requestparameters,
    '"responseElements":' || responseelements,
    '"additionalEventData":' || additionaleventdata,
    '"requestID":' || json_union_to_text(json_from_scalar(requestid)),
    '"eventID":' || json_union_to_text(json_from_scalar(eventid)),
    '"readOnly":' || cast(readonly as varchar),
    '"resources":' || event_resources,
    '"eventType":' || json_union_to_text(json_from_scalar(eventtype)),
    '"apiVersion":' || json_union_to_text(json_from_scalar(apiversion)),
    '"managementEvent":' || cast(managementevent as varchar),
    '"recipientAccountId":' || json_union_to_text(json_from_scalar(recipientaccountid)),
    '"serviceEventDetails":' || serviceeventdetails,
    '"sharedEventID":' || json_union_to_text(json_from_scalar(sharedeventid)),
    '"vpcEndpointId":' || json_union_to_text(json_from_scalar(vpcendpointid)),
    '"vpcEndpointAccountId":' || json_union_to_text(json_from_scalar(vpcendpointaccountid)),
    '"eventCategory":' || json_union_to_text(json_from_scalar(eventcategory)),
    '"insightDetails":' || insightdetails,
    '"addendum":{' || nullif(concat_ws(',',
      '"reason":' || json_union_to_text(json_from_scalar(addendum_reason)),
      '"updatedFields":' || json_union_to_text(json_from_scalar(addendum_updatedfields)),
      '"originalRequestID":' || json_union_to_text(json_from_scalar(addendum_originalrequestid)),
      '"originalEventID":' || json_union_to_text(json_from_scalar(addendum_originaleventid))), '') || '}',
    '"sessionCredentialFromConsole":"' || cast(sessioncredentialfromconsole as varchar) || '"',
    '"edgeDeviceDetails":' || edgedevicedetails,
    '"tlsDetails":{' || nullif(concat_ws(',',
      '"tlsVersion":' || json_union_to_text(json_from_scalar(tlsdetails_tlsversion)),
      '"cipherSuite":' || json_union_to_text(json_from_scalar(tlsdetails_ciphersuite)),
      '"clientProvidedHostHeader":' || json_union_to_text(json_from_scalar(tlsdetails_clientprovidedhostheader))), '')
      || '}',
    '"extra":' || extra
  ), '}') as eventjson,
  account, region, evidence_object, evidence_record, event_time, ips, actors, keys, error_class, record_hash, extra, date
from lake.cloudtrail
