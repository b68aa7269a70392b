-- title: Names, certificates and fronts taken over
-- question: Who changed where the world reaches us: records of names, domains, certificates, distributions, load balancers, gateways?
-- sources: cloudtrail
-- attack: T1584.001, T1491.002, T1565.002
-- parameter: what text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about what: part of the request: a name, a zone, a distribution; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Releases change such things every day; earlier_calls counts the same action of the same actor before.
-- trap: A transfer of a domain shows in the account that had it, and a certificate for its name can also be had elsewhere, without any call.
-- trap: A front can be taken over without a change of itself: by the bucket or instance behind a record that points to something deleted.
-- trap: Failed attempts are listed as well; see error_class.
-- next: exfiltration/cloudfront_origins
-- next: config/who_changed
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as who,
    regexp_replace(eventname, '20[0-9_]+(v[0-9]+)?$', '') as act
  from cloudtrail
  where (eventsource = 'route53.amazonaws.com' and eventname ~ '^(ChangeResourceRecordSets|CreateHostedZone|DeleteHostedZone|AssociateVPC|DisassociateVPC|CreateVPCAssociation|DisableHostedZoneDNSSEC|DeactivateKeySigningKey|CreateReusableDelegationSet)')
    or (eventsource = 'route53domains.amazonaws.com' and eventname ~ '^(Transfer|Update|Disable|Enable|Register|Delete|Retrieve|Accept|Cancel|Reject|Associate|Disassociate|Push)')
    or (eventsource = 'acm.amazonaws.com' and eventname ~ '^(Request|Import|Export|Delete|Update|Add)')
    or (eventsource = 'acm-pca.amazonaws.com' and eventname ~ '^(Issue|Create|Import|Delete|Put|Revoke|Update)')
    or (eventsource = 'cloudfront.amazonaws.com' and eventname ~ '^(Create|Update|Delete|Associate|Put|Publish)')
    or (eventsource = 'elasticloadbalancing.amazonaws.com' and eventname ~ '^(Create|Modify|Delete|Set|Register|Deregister|Add|Remove)(Listener|Rule|TargetGroup|Targets|LoadBalancer|ListenerCertificates|SecurityGroups|TrustStore|RulePriorities|Subnets|IpAddressType)')
    or (eventsource = 'apigateway.amazonaws.com' and eventname ~ '^(Create|Update|Delete|Put|Import)')
    or (eventsource in ('amplify.amazonaws.com', 'apprunner.amazonaws.com', 'globalaccelerator.amazonaws.com') and eventname ~ '^(Create|Update|Delete|Associate|Start)')
    or (eventsource = 's3.amazonaws.com' and eventname in ('PutBucketWebsite', 'DeleteBucketWebsite'))
    or (eventsource = 'cognito-idp.amazonaws.com' and eventname ~ '^(Update|Create|Set)(UserPoolClient|IdentityProvider|UserPoolDomain|UserPool|RiskConfiguration|UserPoolMfaConfig)$')
), numbered as (
  select *, row_number() over (partition by who, act order by event_time, evidence_object, evidence_record) - 1 as earlier_calls from calls
)
select
  evidence_object, evidence_record, event_time, account, region, eventsource as service, act as action, earlier_calls,
  coalesce(
    json_as_text(requestparameters, 'id'), json_as_text(requestparameters, 'domainName'), json_as_text(requestparameters, 'name'),
    array_to_string(regexp_match(requestparameters, '"(?:name|domainName|domain|host)"\s*:\s*"([^"]+)"'), ''), json_as_text(requestparameters, 'hostedZoneId')
  ) as name,
  resources, useridentity.arn as actor, useridentity.accesskeyid as access_key, useridentity.invokedby as invoked_by, sourceipaddress as ip, useragent as user_agent, error_class,
  requestparameters as request
from numbered
where event_time between $from and $to
  and ($what is null or strpos(requestparameters, $what) > 0)
order by event_time, evidence_object, evidence_record
