-- Changes whose capture lies in a window.
select * from config_attribution
where configurationitemcapturetime >= $from and configurationitemcapturetime <= $to
order by configurationitemcapturetime, evidence_object, evidence_record
