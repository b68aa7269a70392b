-- title: User agents
-- question: Which user agents did the actor use, and which are attack tools?
-- sources: cloudtrail, s3_access, cloudfront
-- attack: T1036, T1588.002
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the actor, an access key id or an address; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The user agent is written by the caller and proves nothing by itself; a missing mark in the column tool does not mean a harmless tool.
-- trap: CloudTrail cuts user agents at 1 KB, and when a service made the call it writes the name of the service.
-- trap: Security teams use the same tools; ask them before you conclude.
-- next: triage/ip_activity
-- next: discovery/enumeration_bursts
select
  user_agent,
  case
    when user_agent ~* '(kali|parrot|pentoo|blackarch)' then 'attack distribution'
    when user_agent ~* '(pacu|cloudfox|scoutsuite|scout suite|prowler|cloudsplaining|enumerate-iam|weirdaal|cloudmapper|stratus-red-team|endgame|barq|peirates)' then 'cloud attack or audit tool'
    when user_agent ~* '(trufflehog|gitleaks|keyhacks|key-?checker)' then 'secret scanner'
    when user_agent ~* '(sqlmap|nikto|nuclei|nmap|masscan|zgrab|gobuster|dirbuster|ffuf|feroxbuster|wpscan|acunetix|burp|hydra|metasploit)' then 'web scanner'
    when user_agent ~* '(s3 browser|cyberduck|rclone|winscp|s3cmd|s5cmd|cloudberry|mountain duck)' then 'storage browser or copier'
    when user_agent ~* '(python-requests|python-urllib|go-http-client|curl/|wget/|aiohttp|okhttp|libwww-perl)' then 'script'
    when user_agent ~* '(aws-cli|boto3|botocore|aws-sdk|aws-powershell|terraform|pulumi)' then 'aws cli or sdk'
    when user_agent ~* '(console\.amazonaws\.com|signin\.amazonaws\.com|^mozilla/|awsconsole)' then 'browser or console'
    when user_agent ~* '\.amazonaws\.com$|^aws internal' then 'aws service'
    when user_agent is null or user_agent in ('', '-') then 'none given'
    else 'other'
  end as tool,
  source,
  count(*) as events,
  count(*) filter (where is_write) as writes,
  count(*) filter (where error_class = 'denied') as denied,
  count(distinct actor) as actors,
  count(distinct ip) as ips,
  min(actor) as an_actor,
  min(ip) as an_ip,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from events
where source in ('cloudtrail', 's3_access', 'cloudfront')
  and event_time between $from and $to
  and ($actor is null or strpos(actor, $actor) > 0 or ip = $actor or array_has(keys, $actor))
group by user_agent, source
order by
  case when tool in ('attack distribution', 'cloud attack or audit tool', 'secret scanner', 'web scanner') then 0 else 1 end,
  events, source, user_agent nulls first
