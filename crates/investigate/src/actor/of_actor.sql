-- The sessions of actors, one name on each line. The copies that other accounts' logs have of the same acts are left
-- out.
select * from sessions
where actor in (select unnest(string_to_array($actors, chr(10)))) and coalesce(useridentity_type, '') <> 'AWSAccount'
order by first_time, session_id, part
