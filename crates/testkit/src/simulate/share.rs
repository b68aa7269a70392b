//! How often each feature of the simulation happens, in so many cases of a thousand.

/// Of the changes: by a service.
pub(super) const SERVICE: u32 = 50;
/// Of the changes: the event is in no log.
pub(super) const NO_LOG: u32 = 30;
/// Of the steps that may be (continuous recording, and two changes left to make): two actors change one resource
/// within seconds. Each makes two changes; with three accounts, that is 4 % of all.
pub(super) const CONCURRENT: u32 = 50;
/// Of the steps that may be: the resource changes again just after its item. With three accounts, 3 % of all changes.
pub(super) const QUICK: u32 = 40;
/// Of the steps: something new is made.
pub(super) const CREATE: u32 = 60;

/// For every step, besides: a call that fails.
pub(super) const FAILED: u32 = 30;
/// For every step, besides: a call that asks for what is so already.
pub(super) const IDEMPOTENT: u32 = 20;
/// For every step, besides: a call, and another that undoes it within seconds.
pub(super) const REVERTED: u32 = 10;
/// For every step, besides: a call on a type that is not recorded, which names a resource that is.
pub(super) const NOT_RECORDED: u32 = 20;

/// Of all events: in a file two to eight hours later.
pub(super) const EVENT_LATE: u32 = 20;
/// Of all events: again in a file one to three hours later.
pub(super) const EVENT_TWICE: u32 = 20;
/// Of the captures: in the history file of a day later.
pub(super) const ITEM_LATE: u32 = 20;
/// Of the captures: again in the next history file.
pub(super) const ITEM_TWICE: u32 = 10;
/// Of the captures of IAM: the other region's recorder captured one to four seconds later.
pub(super) const ELSEWHERE: u32 = 200;
/// Of the captures: two to twelve minutes after the call, and not 5 to 180 seconds.
pub(super) const SLOW: u32 = 30;
