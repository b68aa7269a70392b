-- title: Who changed what
-- question: What changed between two instants, path by path, who did it, through which chain of roles, and how sure is that?
-- sources: config_items, cloudtrail
-- attack: T1578
-- parameter: resource text = null
-- parameter: type text = null
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: the id, the name or the ARN of the resource; null means every resource
-- about type: the type, such as AWS::EC2::SecurityGroup; null means every type
-- about actor: who stands at the root of the chain; null means everybody
-- about from: the first capture to look at
-- about to: the last capture to look at
-- trap: The change lies between previouscapturetime and configurationitemcapturetime; event_time is the call's own time.
-- trap: ambiguous means that several calls could have made it; candidates lists all of them, and the one shown is only the best.
-- trap: With recording once a day one item shows all changes of that day; a value that was put back does not show at all.
-- next: config/changes_without_call
-- next: config/calls_without_change
select
  c.configurationitemcapturetime, c.previouscapturetime, c.awsaccountid, c.awsregion, c.resourcetype, c.resourceid,
  c.resourcename, c.kind, c.path, c.before, c.after, a.class, a.score, a.api, a.event_time, a.actor, a.chain,
  a.candidates, a.why, c.evidence_object, c.evidence_record, a.event_object, a.event_record
from config_changes c
left join config_attribution a
  on a.configurationitemcapturetime = c.configurationitemcapturetime
  and a.evidence_object = c.evidence_object and a.evidence_record = c.evidence_record
where c.configurationitemcapturetime between $from and $to
  and ($resource is null or c.resourceid = $resource or c.resourcename = $resource or c.arn = $resource)
  and ($type is null or c.resourcetype = $type)
  and ($actor is null or a.actor = $actor)
order by c.configurationitemcapturetime, c.evidence_object, c.evidence_record, c.path
