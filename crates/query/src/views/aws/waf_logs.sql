-- Columns as in "Create a table for AWS WAF S3 logs in Athena using partition projection" (Athena User Guide), with
-- the partitions `log_time` and, of the page before it, `date` (text, 2026/04/09).
-- Where it differs: both are of the request's time, not of the object's key; fields that WAF added later are behind.
select
  cast(arrow_cast(event_time, 'Timestamp(Millisecond, Some("UTC"))') as bigint) as "timestamp",
  formatversion, webaclid, terminatingruleid, terminatingruletype, action,
  hive_json(terminatingrulematchdetails, 'array<struct<conditiontype:string,sensitivitylevel:string,location:string,matcheddata:array<string>>>') as terminatingrulematchdetails,
  httpsourcename, httpsourceid,
  hive_json(rulegrouplist, 'array<struct<rulegroupid:string,terminatingrule:struct<ruleid:string,action:string,rulematchdetails:array<struct<conditiontype:string,sensitivitylevel:string,location:string,matcheddata:array<string>>>>,nonterminatingmatchingrules:array<struct<ruleid:string,action:string,overriddenaction:string,rulematchdetails:array<struct<conditiontype:string,sensitivitylevel:string,location:string,matcheddata:array<string>>>,challengeresponse:struct<responsecode:string,solvetimestamp:string>,captcharesponse:struct<responsecode:string,solvetimestamp:string>>>,excludedrules:string>>') as rulegrouplist,
  hive_json(ratebasedrulelist, 'array<struct<ratebasedruleid:string,limitkey:string,maxrateallowed:int>>') as ratebasedrulelist,
  hive_json(nonterminatingmatchingrules, 'array<struct<ruleid:string,action:string,rulematchdetails:array<struct<conditiontype:string,sensitivitylevel:string,location:string,matcheddata:array<string>>>,challengeresponse:struct<responsecode:string,solvetimestamp:string>,captcharesponse:struct<responsecode:string,solvetimestamp:string>>>') as nonterminatingmatchingrules,
  hive_json(requestheadersinserted, 'array<struct<name:string,value:string>>') as requestheadersinserted,
  cast(responsecodesent as varchar) as responsecodesent,
  named_struct(
    'clientip', httprequest_clientip,
    'country', httprequest_country,
    'headers', hive_json(httprequest_headers, 'array<struct<name:string,value:string>>'),
    'uri', httprequest_uri,
    'args', httprequest_args,
    'httpversion', httprequest_httpversion,
    'httpmethod', httprequest_httpmethod,
    'requestid', httprequest_requestid,
    'fragment', httprequest_fragment,
    'scheme', httprequest_scheme,
    'host', httprequest_host) as httprequest,
  hive_json(labels, 'array<struct<name:string>>') as labels,
  hive_json(captcharesponse, 'struct<responsecode:string,solvetimestamp:string,failurereason:string>') as captcharesponse,
  hive_json(challengeresponse, 'struct<responsecode:string,solvetimestamp:string,failurereason:string>') as challengeresponse,
  ja3fingerprint, ja4fingerprint, oversizefields, requestbodysize, requestbodysizeinspectedbywaf,
  to_char(date_bin(interval '5 minutes', event_time), '%Y/%m/%d/%H/%M') as log_time,
  day_path as "date", day_path as day,
  account, region, host, useragent, referer, x_forwarded_for, terminatingrule_in_group,
  clientasn, forwardedasn, cfdistributiontenantid,
  evidence_object, evidence_record, event_time, ips, error_class, record_hash, extra
from lake.waf
