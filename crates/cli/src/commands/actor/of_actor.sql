-- The copies that other accounts' logs have of the same acts are left out.
select * from sessions
where actor = $actor and coalesce(useridentity_type, '') <> 'AWSAccount'
order by first_time, session_id, part
