-- title: Callers from other accounts
-- question: Which principals of other AWS accounts acted here?
-- sources: cloudtrail
-- attack: T1199
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Callers whose own account was not collected stand first.
-- trap: Accounts of the same organisation are foreign here too; the column is_collected tells whether logs of the caller's own account were collected.
-- trap: caller_id is cut before the name of the session; sessions counts them.
-- trap: A cross-account call is recorded in both accounts, linked by sharedEventID, and it is listed only as the receiving account saw it.
-- trap: After a role of this account was assumed from outside, its session belongs to this account; follow it with privilege_escalation/assume_role_edges.
-- next: privilege_escalation/assume_role_edges
-- next: persistence/trust_policy_changes
with recording as (
  select distinct recipientaccountid as id from cloudtrail where recipientaccountid is not null
)
select
  recipientaccountid as recording_account,
  useridentity.accountid as caller_account,
  recording.id is not null as is_collected,
  useridentity.arn as caller,
  split_part(useridentity.principalid, ':', 1) as caller_id,
  count(distinct useridentity.principalid) as sessions,
  eventsource as service,
  eventname as action,
  error_class,
  count(*) as events,
  array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from cloudtrail
left join recording on recording.id = useridentity.accountid
where event_time between $from and $to
  and useridentity.accountid <> recipientaccountid
  and useridentity.accountid not in ('ANONYMOUS_PRINCIPAL', 'anonymous')
group by recipientaccountid, useridentity.accountid, recording.id, useridentity.arn, split_part(useridentity.principalid, ':', 1), eventsource,
  eventname, error_class
order by is_collected, recording_account, caller_account, first_time, caller nulls first, caller_id nulls first,
  service nulls first, action nulls first, error_class nulls first
