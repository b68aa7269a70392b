-- title: MFA devices and passwords
-- question: Whose MFA device or password was added, replaced, switched off or changed, by whom, and was it their own?
-- sources: cloudtrail
-- attack: T1556.006, T1098, T1531
-- parameter: user text = null
-- parameter: only_for_others boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about user: the name of the user whose device or password it is, or who acts; null means everybody
-- about only_for_others: true leaves out what users did for themselves
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Taking the device away and adding another is how MFA is taken over; replaced says that both happened for the same user within an hour.
-- trap: CreateVirtualMFADevice makes a device that belongs to nobody until EnableMFADevice; its name is no proof of whose it is.
-- trap: A password that was reset by another is an UpdateLoginProfile, one that a user changed is a ChangePassword, which names no user: it is the caller's.
-- trap: A password policy that was loosened lets weak passwords in later.
-- trap: Users of Identity Center and of root's recovery are in persistence/identity_center_changes and initial_access/root_activity.
-- trap: Failed attempts are listed as well; see error_class.
-- next: persistence/new_access_keys
-- next: initial_access/console_logins
-- next: triage/principal_sessions
with calls as (
  select
    *,
    useridentity.username as caller_name,
    case
      when eventname = 'EnableMFADevice' then 'mfa added'
      when eventname in ('DeactivateMFADevice', 'DeleteVirtualMFADevice') then 'mfa removed'
      when eventname in ('CreateVirtualMFADevice', 'ResyncMFADevice') then 'mfa prepared'
      when eventname = 'CreateLoginProfile' then 'password made'
      when eventname = 'DeleteLoginProfile' then 'password removed'
      when eventname in ('UpdateLoginProfile', 'ChangePassword') then 'password changed'
      else 'password policy'
    end as kind
  from cloudtrail
  where eventsource in ('iam.amazonaws.com', 'signin.amazonaws.com')
    and eventname in (
      'EnableMFADevice', 'DeactivateMFADevice', 'DeleteVirtualMFADevice', 'CreateVirtualMFADevice', 'ResyncMFADevice', 'CreateLoginProfile',
      'UpdateLoginProfile', 'DeleteLoginProfile', 'ChangePassword', 'UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy',
      'PasswordUpdated', 'EmailUpdated'
    )
), named as (
  select
    *,
    coalesce(json_as_text(requestparameters, 'userName'), case
      when eventname in ('ChangePassword', 'PasswordUpdated', 'EmailUpdated') then coalesce(caller_name, case when useridentity.type = 'Root' then 'root' end)
    end) as for_user
  from calls
), paired as (
  select
    *,
    min(case when kind = 'mfa added' and error_class = 'success' then event_time end) over near as next_added,
    max(case when kind = 'mfa removed' and error_class = 'success' then event_time end) over near as last_removed
  from named
  window near as (
    partition by account, for_user order by event_time range between interval '1 hour' preceding and interval '1 hour' following
  )
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  kind,
  eventname as action,
  for_user,
  case when kind = 'password policy' then false else coalesce((for_user is distinct from caller_name) and for_user <> 'root', false) end as for_another,
  coalesce(for_user is not null and kind in ('mfa added', 'mfa removed') and next_added is not null and last_removed is not null, false) as replaced,
  coalesce(json_as_text(requestparameters, 'serialNumber'), json_as_text(requestparameters, 'virtualMFADeviceName')) as device,
  json_as_text(requestparameters, 'passwordResetRequired') as must_change,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from paired
where event_time between $from and $to
  and ($user is null or for_user = $user or caller_name = $user)
  and ($only_for_others = false or ((for_user is distinct from caller_name) and for_user <> 'root'))
order by event_time, evidence_object, evidence_record
