-- title: Stacks that may make IAM
-- question: Which CloudFormation stacks were made or changed with the right to make IAM resources or with a role, and which IAM calls did CloudFormation make then?
-- sources: cloudtrail
-- attack: T1098.003, T1578, T1648
-- parameter: actor text = null
-- parameter: minutes integer = 60
-- parameter: every_stack boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about minutes: how long after the call to look for what CloudFormation did with IAM
-- about every_stack: true lists stacks without such rights, too
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One line for each caller, kind of call, rights, role and address; rare ones stand first.
-- trap: Capabilities allow IAM resources; they do not say that the template has any. most_iam_calls counts what CloudFormation did in that account and time, by whomever it was asked: two stacks at once share it.
-- trap: A service role (roleARN) lets the caller do what the role may, so a stack can be a way to more rights.
-- trap: A change set does nothing until ExecuteChangeSet, which names no capabilities any more.
-- trap: The template is not in the log; templateURL says where it came from, also out of other accounts.
-- trap: Stack sets act in other accounts, with their own calls there.
-- next: privilege_escalation/passed_roles
-- next: privilege_escalation/admin_policies
-- next: config/who_changed
with stacks as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'stackName'), json_as_text(requestparameters, 'stackSetName'), json_as_text(requestparameters, 'changeSetName')) as stack,
    nullif(array_to_string(json_get_array(json_get_json(requestparameters, 'capabilities')), ', '), '') as capabilities,
    coalesce(json_as_text(requestparameters, 'roleARN'), json_as_text(requestparameters, 'executionRoleName')) as role,
    json_as_text(requestparameters, 'templateURL') as template_url
  from cloudtrail
  where eventsource = 'cloudformation.amazonaws.com'
    and eventname in (
      'CreateStack', 'UpdateStack', 'CreateChangeSet', 'ExecuteChangeSet', 'CreateStackSet', 'UpdateStackSet', 'CreateStackInstances', 'UpdateStackInstances',
      'ContinueUpdateRollback', 'ActivateType', 'RegisterType'
    )
    and event_time between $from and $to
), made as (
  select account, event_time, eventname
  from cloudtrail
  where eventsource = 'iam.amazonaws.com'
    and is_write and error_class = 'success'
    and (useridentity.invokedby = 'cloudformation.amazonaws.com' or sourceipaddress = 'cloudformation.amazonaws.com')
), counted as (
  select
    stacks.evidence_object, stacks.evidence_record,
    count(*) as iam_calls,
    array_to_string(array_sort(array_agg(distinct made.eventname)), ', ') as iam_actions
  from stacks
  join made
    on made.account = stacks.account and made.event_time >= stacks.event_time
    and made.event_time <= stacks.event_time + cast(concat(cast($minutes as text), ' minutes') as interval)
  group by stacks.evidence_object, stacks.evidence_record
)
select
  coalesce(stacks.useridentity.sessioncontext.sessionissuer.arn, stacks.useridentity.arn, stacks.useridentity.principalid) as actor,
  stacks.account,
  stacks.region,
  stacks.eventname as action,
  replace(stacks.capabilities, '"', '') as capabilities,
  stacks.role,
  stacks.sourceipaddress as ip,
  stacks.error_class,
  count(*) as events,
  count(distinct stacks.stack) as stacks,
  array_to_string(array_slice(array_sort(array_agg(distinct stacks.stack)), 1, 10), ', ') as stack_names,
  min(stacks.template_url) as a_template_url,
  coalesce(max(counted.iam_calls), 0) as most_iam_calls,
  min(counted.iam_actions) as iam_actions,
  min(stacks.event_time) as first_time,
  max(stacks.event_time) as last_time,
  first_value(stacks.evidence_object order by stacks.event_time, stacks.evidence_object, stacks.evidence_record) as evidence_object,
  first_value(stacks.evidence_record order by stacks.event_time, stacks.evidence_object, stacks.evidence_record) as evidence_record
from stacks
left join counted on counted.evidence_object = stacks.evidence_object and counted.evidence_record = stacks.evidence_record
where ($actor is null
    or stacks.useridentity.accesskeyid = $actor
    or strpos(stacks.useridentity.arn, $actor) > 0
    or strpos(stacks.useridentity.principalid, $actor) > 0)
  and ($every_stack
    or stacks.capabilities is not null
    or stacks.role is not null
    or counted.iam_calls > 0)
group by coalesce(stacks.useridentity.sessioncontext.sessionissuer.arn, stacks.useridentity.arn, stacks.useridentity.principalid), stacks.account,
  stacks.region, stacks.eventname, stacks.capabilities, stacks.role, stacks.sourceipaddress, stacks.error_class
order by most_iam_calls desc, events, first_time, actor nulls first, account nulls first, region nulls first, action, capabilities nulls first,
  role nulls first, ip nulls first, error_class
