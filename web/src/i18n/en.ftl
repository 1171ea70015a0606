# English, the source language. Every word on the screen and every accessible name is here, or in room.ftl, which comes with the
# screens of group calls, or in more.ftl, which comes with what is opened by hand.
# Names of times and lengths arrive formatted: { $time } "14:02", { $length } "0:23".

app-name = Aftertone
nav-main = Sections
nav-chats = Chats
nav-calls = Calls
nav-you = You

close = Close
back = Back
undo = Undo
retry = Try again
dismiss = Dismiss
loading = Loading

## Getting in
sign-in-link = Signing you in

## Chats
new-chat = New chat
search = Search
find-people = Find people
people = People
nobody-found = Nobody by that name is here yet.
filter = Show
filter-all = All
filter-missed = Missed
filter-unheard = Unheard
chats-empty-title = No chats yet
chats-empty-text = Find somebody on this server, or invite them.
chats-none-missed = No missed calls
chats-none-missed-text = Calls you could not take will be here.
chats-none-unheard = Everything is heard
chats-none-unheard-text = Notes you have not played yet will be here.
chats-none-found = Nothing found
chats-none-found-text = Nobody you chat with is called “{ $query }”.
show-all = Show all chats
pick-chat-title = Pick a chat
pick-chat-text = Or start a new one. Your calls and notes live inside it.
unread = { $count ->
        [one] 1 unread
       *[other] { $count } unread
    }
unheard = Not played
last-you = You: { $text }
last-by = { $name }: { $text }
last-draft = Draft: { $text }
last-voice-note = Voice note, { $length }
last-video-note = Video note, { $length }
last-deleted = Deleted
voice-chat-start = Start voice chat
last-room = Group call
last-open = { $kind ->
        [chat] Voice chat
       *[call] Group call
    } · { $count } in it
room-missed = Missed group call
typing = typing…
leaving-voice-note = leaving a voice note
leaving-video-note = leaving a video note
online = Online
offline-person = Away

## The thread
thread-of = Chat with { $name }
messages = Messages
new-line = New
older = Show earlier
chat-gone = This chat does not exist, or not for you.
thread-empty = Say hello to { $name }
thread-empty-text = Write, call, or record a note. They can listen when it suits them.
composer = Message
send = Send
more = More
copy-text = Copy text
delete = Delete
delete-text-title = Delete this message?
delete-text-body = It disappears for both of you.
delete-text-body-group = It disappears for everybody in the group.
delete-note-title = Delete this note?
delete-note-body = The recording is removed for both of you. The call stays in the chat.
delete-note-body-group = The recording is removed for everybody in the group.
cancel = Cancel
state-sending = Sending
state-sent = Sent
state-delivered = Delivered
state-read = Read
state-failed = Not sent
by-you = You, { $time }
by-name = { $name }, { $time }
deleted-text = This message was deleted
deleted-note = This note was deleted
reply = Reply
reply-to = Replying to
reply-stop = Stop replying
answers-you = You
blocked-strip = You blocked { $name }. They cannot call or write to you.
are-typing = { $count ->
        [one] { $names } is typing
       *[other] { $names } are typing
    }

voice-call = Voice call
video-call = Video call
chat-info = Chat info
record-voice = Record voice note
record-video = Record video note
record-voice-short = Voice note
record-video-short = Video note
slide-cancel = Slide to cancel
slide-lock = Lock
release-cancel = Release to discard

## Calls in the thread
call-missed-voice = Missed voice call
call-missed-video = Missed video call
call-missed-busy-voice = Missed voice call while on a call
call-missed-busy-video = Missed video call while on a call
call-declined-voice = Declined voice call
call-declined-video = Declined video call
call-silenced-voice = Silenced voice call
call-silenced-video = Silenced video call
call-voice = Voice call
call-video = Video call
call-repeats = { $count ->
        [one] { $title } and 1 more
       *[other] { $title } and { $count } more
    }
call-missed-many-voice = { $count } missed voice calls
call-missed-many-video = { $count } missed video calls
outcome-short-no-answer = No answer
outcome-short-declined = Declined
outcome-short-busy = On another call
outcome-short-silenced = No answer
outcome-short-unreachable = Not reached
outcome-short-cancelled = Cancelled
outcome-short-failed = Call failed
answered-on = Answered on { $device }
call-back = Call back
call-again = Call again
voice-note = Voice note
video-note = Video note
note-summary = { $kind }, { $length }, { $state }.
note-not-played = not played
note-played = played
note-listened = listened
note-sent = sent
note-being-sent = being sent
listened = Listened
not-played = Not played
play = Play
pause = Pause
position = Position
position-value = { $at } of { $length }
speed = Speed
speed-value = { $speed }×
note-removed = The note was deleted
note-sending = Sending
note-waiting = Waits for the network. It is saved here.
note-trouble = Saved here, and tried again: { $why }
note-failed = Could not be sent
note-unreadable = This recording could not be read. You can save it as a file.
save-file = Save as a file
discard = Discard

## Calling
calling = Calling { $name }
reaching = Reaching…
ringing = Ringing
ringing-devices = Ringing on { $count } devices
leave-note-now = Leave a note now
out-no-answer = { $name } didn't answer.
out-declined = { $name } declined.
out-busy = { $name } is on another call.
out-silenced-until = { $name }’s calls are silenced until { $time }.
out-unreachable = Could not reach { $name }’s devices.
out-cancelled = Call cancelled.
out-failed = The call failed.
out-hint-note = Leave a note instead. It will be in your chat at once.
refused-rate = You called { $name } a few times just now. Leave a note instead.
refused-blocked = You blocked { $name }. Unblock them to call.
refused-offline = You are offline. A note is saved here and sent later.
refused-other = The call could not be placed.
voice-instead = Voice instead
video-instead = Video instead

## Recording
recording = Recording
recording-for = Recording for { $name }
recording-soon = Recording for { $name } begins in a moment
recording-paused = Paused
recording-sending = Sending to { $name }
recording-opening = Getting ready…
countdown = Starting in { $seconds }
skip-countdown = Skip countdown
own-picture = Your picture
level = Level
resume = Resume
listen = Listen
keep-draft = Keep as draft
send-and-go-on = Send and go on
saved = Saved
saved-part = { $length } saved
saving = Saving…
can-listen = They can listen while you record
is-listening = { $name } is listening
warn-silent = No sound is coming in. Is the right microphone on?
warn-device-lost = The microphone went away. Paused; nothing is lost.
warn-limit-soon = { $seconds } s left
warn-camera-failed = The camera stopped. It goes on as a voice note.
warn-not-saved = Not saved on this device. Keep this page open.
warn-offline = You are offline. It is saved here and goes up later.
paused-hidden = Paused while you were away. { $length } are saved.
paused-interrupted = Something else took the microphone. { $length } are saved.
paused-limit = This is as long as a note can be.
new-input = Use another microphone
blocked-denied-voice = Aftertone may not use the microphone
blocked-denied-video = Aftertone may not use the camera and microphone
blocked-denied-help = Allow it in the address bar of your browser, next to the site’s name, then try again.
blocked-none-voice = No microphone was found
blocked-none-video = No camera or microphone was found
blocked-none-help = Plug one in, or write a message instead.
blocked-in-use-voice = The microphone is used by another program
blocked-in-use-video = The camera or microphone is used by another program
blocked-in-use-help = Close the other program, then try again.
write-instead = Write instead
rec-failed = The note could not be sent.
rec-failed-safe = Your { $length } are saved.

## Incoming
incoming-voice = Incoming voice call from { $name }
incoming-video = Incoming video call from { $name }
incoming-kind-voice = Voice call
incoming-kind-video = Video call
incoming-by = { $kind } · { $name }
answer = Answer
decline = Decline
decline-message = Decline with a message
decline-quick-later = I’ll call you later.
decline-quick-text = Can you text me?
decline-quick-busy = I’m busy right now.
decline-own = Your own words
answering = Connecting…
silence = Silence

## A note being left
is-leaving-voice = { $name } is leaving a voice note
is-leaving-video = { $name } is leaving a video note
live-paused = { $name } paused
live-connecting = Connecting…
live-playing = You are listening live
live-later = This browser can play it once it is sent
live-sent = { $name } sent the note
live-discarded = { $name } did not send it. The note was not sent.
live-answered = Connected with { $name }
stop-listening = Stop

## In a call
call-region = Call
call-add-people = Add people
connected = Connected
leave = Leave
call-with = Call with { $name }
participants = Participants
mute = Mute
unmute = Unmute
camera-on = Turn camera on
camera-off = Turn camera off
camera-flip = Flip camera
share-screen = Share screen
share-stop = Stop sharing
sharing = You are sharing your screen.
minimise = Minimise
back-to-call = Back to the call
picture-in-picture = Picture in picture
call-devices = Microphone, camera and speaker
speaker = Speaker
call-details = Call info
call-shortcuts = Keyboard shortcuts
swap = Swap pictures
tile-you = You
tile-muted = { $name }, muted
tile-screen = { $name }’s screen
camera-is-off = Camera off
link-connecting = Connecting…
link-reconnecting = Reconnecting…
quality-good = Good connection
quality-fair = Fair connection
quality-poor = Weak connection
ask-sent = Asking { $name } to turn on video…
ask-heard = { $name } would like to turn on video.
ask-camera = Turn on my camera
ask-watch = Only watch
ask-no = Not now
ask-refused = { $name } would rather go on without video.
trouble-mic-denied = { $name } cannot hear you: the browser does not allow the microphone.
trouble-mic-none = { $name } cannot hear you: no microphone was found.
trouble-mic-used = { $name } cannot hear you: another program uses the microphone.
trouble-camera = Your camera cannot be opened. The call goes on without it.
choose-input = Choose another
trust-unverified = It could not be verified that this is { $name }’s device.
trust-changed = { $name }’s device has a new key.
show-code = Show safety code
call-elsewhere = Your call with { $name } goes on at another device.
move-here = Move call here

## Drafts
draft-saved = { $seconds } s saved
draft-for = { $kind } for { $name }
draft-elsewhere = Being recorded on another device
draft-sending = Sending
draft-unreadable = This recording could not be read
continue = Continue
drafts = Drafts

## Connection
connecting = Connecting…
offline = You are offline. What you write and record is kept, and sent later.
elsewhere = Aftertone is open in another window.
use-here = Use it here
update-ready = A new version is ready.
update-now = Reload

## Chat info
unblock = Unblock { $name }

## Groups
group-left = You are no longer in this group
you = You
you-object = you
more-people = { $count ->
        [one] 1 other
       *[other] { $count } others
    }
did-created = { $mine ->
        [yes] You made the group “{ $group }”
       *[no] { $by } made the group “{ $group }”
    }
did-named = { $mine ->
        [yes] You named the group “{ $group }”
       *[no] { $by } named the group “{ $group }”
    }
did-pictured = { $mine ->
        [yes] You changed the picture
       *[no] { $by } changed the picture
    }
did-added = { $mine ->
        [yes] You added { $who }
       *[no] { $by } added { $who }
    }
did-removed = { $mine ->
        [yes] You removed { $who }
       *[no] { $by } removed { $who }
    }
did-left = { $mine ->
        [yes] You left
       *[no] { $by } left
    }
did-admin = { $mine ->
        [yes] You made { $who } an admin
       *[no] { $by } made { $who } an admin
    }
did-unadmin = { $mine ->
        [yes] You dismissed { $who } as admin
       *[no] { $by } dismissed { $who } as admin
    }
is-admin = { $mine ->
        [yes] You are an admin now
       *[no] { $by } is an admin now
    }
is-unadmin = { $mine ->
        [yes] You are no admin any more
       *[no] { $by } is no admin any more
    }

## You
quiet = Quiet time
camera = Camera
devices = Devices

## Toasts
toast-note-discarded = Note discarded ({ $length })
toast-too-short = That was shorter than a second, so it was not sent.
toast-note-sent = Sent to { $name }
toast-note-queued = Saved. It is sent when you are back online.
toast-draft-answered = { $seconds } s saved as a draft. The call went on instead.
toast-draft-kept = { $seconds } s saved as a draft.
toast-draft-taken = Your recording goes on on another device.
toast-elsewhere = Answered on another device
toast-elsewhere-on = Answered on { $device }
toast-call-gone = The call had already ended.
toast-deleted = Deleted
toast-room-locked = The call is locked. Nobody else can join.
toast-room-full = It is full.
toast-room-moved = The call goes on at your other device.
toast-room-removed = You were removed from the call.
toast-already-signed-in = You are already signed in.

## What went wrong
err-call = The call did not work: { $why }
err-text = The message was not sent: { $why }
err-note = The note was not sent, it is kept: { $why }
err-draft = The draft is kept, but: { $why }
err-delete = It was not deleted: { $why }
err-play = The note cannot be played: { $why }
err-listen = Listening live did not work: { $why }
err-people = People could not be loaded: { $why }
err-group = The group was not changed: { $why }
err-picture = The picture was not taken: { $why }
err-devices = Devices could not be changed: { $why }
err-settings = The setting was not saved: { $why }
why-offline = you are offline.
why-rate = too many in a short time. Wait a moment.
why-gone = it is no longer there.
why-full = the server has no space left.
why-storage = this browser has no space left.
why-large = it is too large.
why-busy = the server is busy. Try again in a moment.
why-denied = the browser does not allow it.
why-no-device = no microphone or camera was found.
why-in-use = another program uses the microphone or camera.
why-unreadable = the recording could not be read.
why-unsupported = this server does not take it.
why-taken = it is taken already.
why-internal = something is wrong on the server.

## Spoken and sent by the models
say-missed-voice = Missed voice call from { $name }
say-missed-video = Missed video call from { $name }
say-missed-voice-note = Missed voice call from { $name} · note { $length }
say-missed-video-note = Missed video call from { $name} · note { $length }
say-voice-note = Voice note from { $name }, { $length }
say-video-note = Video note from { $name }, { $length }
say-text = Message from { $name }
say-in-group = { $name } in { $group }
say-added = { $name } added you to { $group }
say-removed = { $name } removed you from { $group }
say-recording = Recording started
say-paused = Recording paused
say-left = { $seconds } seconds left
say-draft = { $seconds } s saved as a draft
say-sent = Note sent to { $name }
say-answered = Connected with { $name }
say-missed-room = Missed group call in { $group }
say-joined = { $name } joined
say-went = { $name } left
say-reacted = { $names }: { $emoji }
