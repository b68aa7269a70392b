-- title: Accounts and regions touched
-- question: Which accounts and regions did the actor touch?
-- sources: cloudtrail
-- attack: T1535
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Global services (IAM, CloudFront, Route 53, Organizations and others) are recorded under us-east-1; the column global_events counts them, and alone they do not show that somebody worked in us-east-1.
-- trap: A call into another account is recorded in both accounts when both were collected; the account here is the one that recorded it.
-- next: defense_evasion/first_use_of_regions
-- next: evidence/coverage
-- next: triage/successful_writes
select
  recipientaccountid as recording_account,
  awsregion as region,
  useridentity.accountid as actor_account,
  count(*) as events,
  count(*) filter (
    where awsregion = 'us-east-1' and eventsource in (
      'iam.amazonaws.com', 'cloudfront.amazonaws.com', 'route53.amazonaws.com', 'route53domains.amazonaws.com',
      'organizations.amazonaws.com', 'account.amazonaws.com', 'support.amazonaws.com', 'trustedadvisor.amazonaws.com',
      'health.amazonaws.com', 'shield.amazonaws.com', 'waf.amazonaws.com', 'globalaccelerator.amazonaws.com',
      'signin.amazonaws.com', 'billingconsole.amazonaws.com', 'ce.amazonaws.com'
    )
  ) as global_events,
  count(*) filter (where is_write and error_class = 'success') as successful_writes,
  count(*) filter (where error_class = 'denied') as denied,
  count(distinct useridentity.arn) as actors,
  array_to_string(array_sort(array_agg(distinct eventsource)), ', ') as services,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from cloudtrail
where event_time between $from and $to
  and (
    $actor is null
    or useridentity.accesskeyid = $actor
    or strpos(useridentity.arn, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  )
group by recipientaccountid, awsregion, useridentity.accountid
order by recording_account nulls first, region nulls first, actor_account nulls first
