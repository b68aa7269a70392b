-- title: Compliance flips
-- question: Which resources changed their verdict under which Config rule, and when?
-- sources: config_items
-- attack: T1562
-- parameter: rule text = null
-- parameter: resource text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about rule: the name of the rule; null means every rule
-- about resource: the id of the resource; null means every resource
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The time is that of the evaluation, which follows the change, for periodic rules by up to a day.
-- trap: A verdict that was seen first has nothing to be compared with, unless the notification itself names the one before; verdict_before is null then.
-- trap: A flip that vanishes because the resource or the rule was deleted shows as NOT_APPLICABLE or not at all.
-- trap: History files and notifications tell the same flip twice; equal verdicts at the same time are listed once.
-- next: config/resource_history
-- next: config/state_at
with documents as (
  select
    *,
    case
      when configrulename is null and coalesce(json_length(configuration, 'configRuleList'), 0) > 0
        then json_get_json(configuration, 'configRuleList')
      else '[{}]'
    end as rules
  from config_items
  where compliancetype is not null
    or newevaluationresult is not null
    or resourcetype = 'AWS::Config::ResourceCompliance'
), split as (
  select *, unnest(json_get_array(rules)) as entry
  from documents
), verdicts as (
  select
    evidence_object, evidence_record, event_time, account, region, item_source,
    coalesce(configrulename, json_as_text(entry, 'configRuleName'), json_as_text(configuration, 'configRuleName')) as rule,
    coalesce(
      json_as_text(configuration, 'targetResourceType'),
      case when resourcetype = 'AWS::Config::ResourceCompliance' then split_part(resourceid, '/', 1) else resourcetype end
    ) as resource_type,
    coalesce(
      json_as_text(configuration, 'targetResourceId'),
      case when resourcetype = 'AWS::Config::ResourceCompliance' then substr(resourceid, strpos(resourceid, '/') + 1) else resourceid end
    ) as resource,
    coalesce(
      json_as_text(entry, 'complianceType'), json_as_text(newevaluationresult, 'complianceType'), compliancetype,
      json_as_text(configuration, 'complianceType')
    ) as verdict,
    json_as_text(oldevaluationresult, 'complianceType') as verdict_told,
    json_as_text(newevaluationresult, 'annotation') as annotation
  from split
), numbered as (
  select
    *,
    row_number() over (
      partition by account, region, rule, resource_type, resource, event_time, verdict
      order by case when verdict_told is null then 1 else 0 end, evidence_object, evidence_record
    ) as copy
  from verdicts
), compared as (
  select
    *,
    coalesce(
      lag(verdict) over (
        partition by account, region, rule, resource_type, resource order by event_time, evidence_object, evidence_record
      ),
      verdict_told
    ) as verdict_before,
    lag(event_time) over (
      partition by account, region, rule, resource_type, resource order by event_time, evidence_object, evidence_record
    ) as item_before
  from numbered
  where copy = 1
)
select
  evidence_object, evidence_record, event_time, account, region, rule, resource_type, resource, verdict_before, verdict,
  item_before, annotation, item_source
from compared
where verdict is not null
  and (verdict is distinct from verdict_before)
  and event_time between $from and $to
  and ($rule is null or rule = $rule)
  and ($resource is null or resource = $resource)
order by event_time, account nulls first, region nulls first, rule nulls first, resource_type nulls first,
  resource nulls first, evidence_object, evidence_record
