-- title: Who stands behind each session
-- question: Which sessions are there, who stands at the root of each chain of roles, and is every link in the evidence?
-- sources: cloudtrail
-- attack: T1078.004, T1548.005
-- parameter: actor text = null
-- parameter: min_writes integer = 0
-- about actor: who stands at the root; null means everybody
-- about min_writes: only sessions with at least so many successful writes
-- trap: chain_complete false means that the call that handed out the credentials stands in no log here; the actor is then only the session's own name, which its maker chose.
-- trap: Instances and functions are named by their session's name, which EC2 and Lambda set; a person who may assume the role can choose the same name.
-- next: triage/principal_sessions
-- next: privilege_escalation/role_chains
select
  first_time, last_time, session_id, actor, actor_kind, chain, chain_complete, useridentity_type, mfaauthenticated,
  console, sourceidentity, events, writes, denied, first_evers, ips, evidence_object, evidence_record
from sessions
where ($actor is null or actor = $actor)
  and writes >= $min_writes
order by first_time, session_id, part
