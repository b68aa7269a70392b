-- Rows of every source in one order, each with the reason why it is here.
with
own as (select distinct session_id from sessions where actor = $actor),
reasons as (
  select
    e.event_time, e.source, e.account, e.region, e.action, e.actor, e.target, e.ip, e.error_class,
    concat_ws(', ',
      case when e.actor = $actor or array_has(e.actors, $actor) or array_has(e.keys, $actor) or e.session_id = $actor
        or own.session_id is not null then 'actor' end,
      case when e.session_id = $session then 'session' end,
      case when e.ip = $ip or array_has(e.ips, $ip) then 'address' end,
      case when e.target = $resource or array_has(e.resources, $resource) or array_has(e.actors, $resource) then 'resource' end
    ) as reason,
    e.evidence_object, e.evidence_record
  from events e
  left join own on own.session_id = e.session_id
  where e.event_time >= $from and e.event_time <= $to
)
select * from reasons
where reason <> ''
order by event_time, evidence_object, evidence_record
