-- The sessions of an access key, an ARN, a session id, a principal, a federated subject or an address.
select * from sessions
where (session_id = $who or useridentity_accesskeyid = $who or useridentity_arn = $who or sessionissuer_arn = $who
    or actor = $who or useridentity_principalid = $who or federation_subject = $who or sourceidentity = $who
    or array_has(ips, $who)
    or case when strpos($who, '/') > 0 then ip_in_cidr(array_to_string(ips, ','), $who) end)
  and ($from is null or last_time >= $from)
  and ($to is null or first_time <= $to)
order by first_time, session_id, part
