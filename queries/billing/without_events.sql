-- title: Billed, and in no log
-- question: Which services were billed in an account and region in which CloudTrail has no event of that service, or no event at all?
-- sources: billing, cloudtrail
-- attack: T1535, T1562.008, T1496
-- parameter: show_all boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about show_all: true lists those with events, too
-- about from: the first day to look at
-- about to: the last day to look at
-- trap: A bill counts what runs and lies there; nobody need call a service for that, and what was made before the first log has no event. Few days of use with no event are more unusual than many.
-- trap: The names of a service in the bill and in CloudTrail differ; they are compared by a list of the usual ones, and by the name without Amazon or AWS. name_known is false where none of the two fits, and then events_of_service says nothing.
-- trap: events_of_region 0 means that CloudTrail of that account and region is not here, or silent: then nothing of that region can be said.
-- trap: Data transfer and storage of global services stand in regions in which nobody was.
-- next: billing/first_usage
-- next: defense_evasion/first_use_of_regions
-- next: evidence/coverage
with used as (
  select
    account, coalesce(region, '') as region, service, min(event_time) as first_time, max(event_time) as last_time, count(distinct date_trunc('day', event_time)) as days,
    round(sum(unblended_cost), 4) as cost_of_lines, max(currency) as currency,
    array_to_string(array_sort(array_agg(distinct usage_type)), ', ') as usage_types,
    first_value(resource order by event_time, resource nulls last, evidence_object, evidence_record) as a_resource,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from billing
  where event_time between $from and $to
    and coalesce(line_item_type, 'Usage') in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
    and service is not null
  group by account, coalesce(region, ''), service
), named as (
  select
    *,
    case service
      when 'AmazonEC2' then 'ec2' when 'Amazon Elastic Compute Cloud' then 'ec2' when 'AmazonVPC' then 'ec2' when 'AmazonS3' then 's3' when 'Amazon Simple Storage Service' then 's3'
      when 'AmazonRDS' then 'rds' when 'AWSLambda' then 'lambda' when 'AmazonCloudWatch' then 'monitoring' when 'AmazonGuardDuty' then 'guardduty' when 'AWSSecurityHub' then 'securityhub'
      when 'AWSELB' then 'elasticloadbalancing' when 'AmazonECS' then 'ecs' when 'AmazonEKS' then 'eks' when 'AmazonECR' then 'ecr' when 'AmazonRoute53' then 'route53'
      when 'AmazonDynamoDB' then 'dynamodb' when 'AWSSecretsManager' then 'secretsmanager' when 'awskms' then 'kms' when 'AmazonSNS' then 'sns' when 'AWSQueueService' then 'sqs'
      when 'AmazonSageMaker' then 'sagemaker' when 'AmazonBedrock' then 'bedrock' when 'AmazonLightsail' then 'lightsail' when 'AWSConfig' then 'config'
      when 'AWSCloudTrail' then 'cloudtrail' when 'AmazonCloudFront' then 'cloudfront' when 'awswaf' then 'wafv2' when 'AmazonSES' then 'ses' when 'AmazonEFS' then 'elasticfilesystem'
      when 'AmazonElastiCache' then 'elasticache' when 'AmazonRedshift' then 'redshift' when 'AWSGlue' then 'glue' when 'AmazonAthena' then 'athena' when 'AWSBackup' then 'backup'
      else lower(regexp_replace(service, '^(Amazon|AWS) ?', ''))
    end as called
  from used
), services as (
  select distinct split_part(eventsource, '.', 1) as called from cloudtrail
), of_service as (
  select account, region, split_part(eventsource, '.', 1) as called, count(*) as events, count(*) filter (where coalesce(is_write, true)) as changes
  from cloudtrail
  group by account, region, split_part(eventsource, '.', 1)
), of_region as (
  select account, region, count(*) as events, max(event_time) as last_event from cloudtrail group by account, region
)
select
  named.account,
  nullif(named.region, '') as region,
  named.service,
  case
    when coalesce(of_region.events, 0) = 0 then 'billed where CloudTrail has no event at all'
    when coalesce(of_service.events, 0) = 0 then 'billed, and no event of the service'
    else 'billed, with events'
  end as verdict,
  services.called is not null or named.called in ('ec2', 's3', 'rds', 'lambda', 'guardduty', 'securityhub', 'kms', 'sagemaker', 'bedrock', 'lightsail') as name_known,
  coalesce(of_service.events, 0) as events_of_service,
  coalesce(of_service.changes, 0) as changes_of_service,
  coalesce(of_region.events, 0) as events_of_region,
  named.days, named.first_time, named.last_time, named.cost_of_lines, named.currency, named.usage_types, named.a_resource, named.evidence_object, named.evidence_record
from named
left join services on services.called = named.called
left join of_service
  on of_service.account = named.account and of_service.region = named.region and of_service.called = named.called
left join of_region on of_region.account = named.account and of_region.region = named.region
where $show_all or coalesce(of_service.events, 0) = 0
order by coalesce(of_region.events, 0) > 0, named.days, named.first_time, named.account nulls first, region nulls first, named.service
