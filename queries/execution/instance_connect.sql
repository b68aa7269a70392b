-- title: Ways into machines by API
-- question: Who pushed an SSH key, opened a tunnel or the serial console, or read the password or the screen of a machine?
-- sources: cloudtrail
-- attack: T1021.004, T1021.008, T1552
-- parameter: machine text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about machine: the id of the instance; null means every machine
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A pushed key is valid for 60 seconds; whether somebody logged in with it, only the host's own log says (host/ssh_logins).
-- trap: GetPasswordData gives the encrypted password of a Windows machine: whoever has the key pair can read it.
-- trap: The serial console works without any network; EnableSerialConsoleAccess opens it for the whole account and region.
-- trap: Sessions through Systems Manager are in execution/ssm_commands.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: host/ssh_logins
-- next: execution/ssm_commands
-- next: network/remote_logins
with calls as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'InstanceId'),
      json_as_text(requestparameters, 'instanceConnectEndpointId'), json_as_text(requestparameters, 'CreateInstanceConnectEndpointRequest', 'SubnetId')) as machine,
    json_as_text(requestparameters, 'instanceOSUser') as os_user,
    coalesce(json_as_text(requestparameters, 'sSHPublicKey'), json_as_text(requestparameters, 'sshPublicKey')) as public_key,
    coalesce(json_as_text(requestparameters, 'remotePort'), json_as_text(requestparameters, 'serialPort')) as port,
    json_as_text(requestparameters, 'privateIpAddress') as tunnel_to
  from cloudtrail
  where eventsource in ('ec2-instance-connect.amazonaws.com', 'ec2.amazonaws.com', 'lightsail.amazonaws.com')
    and eventname in (
      'SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey', 'OpenTunnel', 'GetPasswordData', 'GetConsoleOutput', 'GetConsoleScreenshot',
      'EnableSerialConsoleAccess', 'CreateInstanceConnectEndpoint', 'ModifyInstanceConnectEndpoint', 'GetInstanceAccessDetails', 'DownloadDefaultKeyPair'
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  case
    when eventname = 'SendSSHPublicKey' then 'ssh key pushed'
    when eventname = 'SendSerialConsoleSSHPublicKey' then 'serial console opened'
    when eventname = 'OpenTunnel' then 'tunnel opened'
    when eventname = 'GetPasswordData' then 'Windows password read'
    when eventname in ('GetConsoleOutput', 'GetConsoleScreenshot') then 'screen or boot log read'
    when eventname in ('GetInstanceAccessDetails', 'DownloadDefaultKeyPair') then 'Lightsail key read'
    else 'way in made'
  end as kind,
  machine,
  os_user,
  public_key,
  tunnel_to,
  port,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where $machine is null or machine = $machine
order by event_time, evidence_object, evidence_record
