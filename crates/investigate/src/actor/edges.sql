select e.* from session_edges e
join (
  select distinct session_id from sessions where actor in (select unnest(string_to_array($actors, chr(10))))
) s on s.session_id = e.child_session
where e.how is not null
order by e.event_time, e.evidence_object, e.evidence_record
