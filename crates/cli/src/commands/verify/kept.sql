-- How many rows each table must have.
select source, cast(sum(kept) as bigint) as kept from objects where source is not null group by source order by source
