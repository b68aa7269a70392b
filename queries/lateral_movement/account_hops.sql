-- title: From account to account
-- question: Who went from one account into another by a role, in which order, and what did they do there?
-- sources: cloudtrail
-- attack: T1021.007, T1550.001, T1078.004
-- parameter: actor text = null
-- parameter: account text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of whoever stands at the root of the chain; null means everybody
-- about account: an account on either side of the step; null means every account
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A step that both accounts recorded is one line; recorded_by says how many accounts did. Where only the account of the role recorded it, the caller is no more than an account and an id.
-- trap: from_outside is true where the caller's account has no event of its own here: a stranger, or an account whose logs were not collected.
-- trap: What was done counts the events signed by the key that the step gave, in all collected logs; child_events = 0 means that the key was not seen, and not that it was not used.
-- trap: earlier_hops says how often the same root took the same role before; 0 is a first time within the collected history only.
-- trap: Roles taken by AWS services are left out, and so are refused steps: triage/failed_actions has them.
-- next: privilege_escalation/role_chains
-- next: triage/key_activity
-- next: lateral_movement/blast_radius
with parents as (
  select
    *,
    coalesce(arn_account(parent), split_part(parent_session, '/', 1)) as from_account,
    count(*) over (partition by coalesce(sharedeventid, eventid)) as recorded_by,
    row_number() over (partition by coalesce(sharedeventid, eventid) order by how is null, arn_account(parent) is null, evidence_object, evidence_record) as copy
  from session_edges
  where kind like 'AssumeRole%' or kind = 'AssumeRoot'
), known as (
  select distinct account from cloudtrail where account is not null
), done as (
  select session_id, min(actor) as root, max(cardinality(chain)) as depth, sum(events) as events, sum(writes) as writes, sum(denied) as denied,
    min(first_time) as first_time, max(last_time) as last_time, bool_and(chain_complete) as chain_complete
  from sessions
  group by session_id
), hops as (
  select
    p.evidence_object, p.evidence_record, p.event_time, p.from_account,
    coalesce(arn_account(p.rolearn), arn_account(p.child)) as to_account,
    p.parent, p.rolearn as role, p.child as session, p.parent_session as caller_key, p.child_session as new_key,
    coalesce(child.root, parent.root, p.parent) as root, child.depth, child.chain_complete, p.recorded_by,
    known.account is null as from_outside,
    child.events as child_events, child.writes as child_writes, child.denied as child_denied, child.first_time as child_first, child.last_time as child_last
  from parents p
  left join done child on child.session_id = p.child_session
  left join done parent on parent.session_id = p.parent_session
  left join known on known.account = p.from_account
  where p.copy = 1
    and p.from_account ~ '^[0-9]{12}$'
    and p.from_account <> coalesce(arn_account(p.rolearn), arn_account(p.child))
), numbered as (
  select *, row_number() over (partition by root, role order by event_time, evidence_object, evidence_record) - 1 as earlier_hops
  from hops
), placed as (
  select n.*, c.sourceipaddress as ip, c.useragent as user_agent
  from numbered n
  left join cloudtrail c on c.evidence_object = n.evidence_object and c.evidence_record = n.evidence_record
)
select
  event_time, root, from_account, to_account, parent as caller, role, session, depth, earlier_hops, from_outside, recorded_by, chain_complete, ip, user_agent,
  caller_key, new_key, coalesce(child_events, 0) as child_events, coalesce(child_writes, 0) as child_writes, coalesce(child_denied, 0) as child_denied,
  child_first, child_last, evidence_object, evidence_record
from placed
where event_time between $from and $to
  and ($actor is null or strpos(root, $actor) > 0)
  and ($account is null or from_account = $account or to_account = $account)
order by event_time, evidence_object, evidence_record
