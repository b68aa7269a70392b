-- What the last verification found out.
select what, verdict, state, count(*) as count from (
  select 'digest' as what, verdict, state from digest_verdicts where evidence_object is not null
  union all
  select 'time without digest', verdict, state from digest_verdicts where evidence_object is null
  union all
  select 'log file', verdict, state from log_verdicts
)
group by what, verdict, state
order by what, verdict, state
