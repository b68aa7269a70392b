-- Names of actors that end in this one, or are written like it but for case.
select distinct name from (
  select actor as name from sessions
  union select useridentity_arn from sessions
  union select sessionissuer_arn from sessions
  union select useridentity_accesskeyid from sessions
)
where name <> $who
  and (lower(name) = lower($who)
    or (length($who) >= 3 and (ends_with(lower(name), concat('/', lower($who))) or ends_with(lower(name), concat(':', lower($who))))))
order by name
limit 10
