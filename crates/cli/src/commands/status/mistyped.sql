-- What objects say of values of another type than their column's; one of the objects as example.
select source, name, sum(json_get_int(mistyped, name)) as values, min(evidence_object) as example
from (select source, evidence_object, mistyped, unnest(json_object_keys(mistyped)) as name from objects
  where mistyped is not null)
group by source, name
order by source, name
