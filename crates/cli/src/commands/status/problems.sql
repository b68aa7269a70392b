-- Objects that are not whole, or not in any table.
select key, status, coalesce(damage, reason) as what, records, kept
from objects
where status in ('failed', 'unrecognised') or damage is not null
order by key, evidence_object
