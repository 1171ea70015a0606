# What is opened by hand: signing in, finding people, groups and their panel, one's own page. Comes with those screens.

## Getting in
username = Username
password = Password
welcome-text = Calls, and the notes they leave when nobody can answer.
join-title = Join Aftertone
join-first = You are the first person here, and will look after this server.
join-from = { $name } invites you.
join-name = Your name
username-hint = Small letters, digits, dots and dashes. You sign in with it.
password-hint = At least 10 characters. A few words are easiest.
create-account = Create account
sign-in = Sign in
sign-in-title = Welcome back
first-run = Nobody has an account on this server yet. Open the one-time link that the server printed when it started.
invite-gone = This invitation is no longer valid. It was used up or has expired; ask for a new one.
link-gone = This sign-in link was already used or has expired. Sign in with your password.
was-revoked = This device was signed out from another one.
was-signed-out = You are signed out.
server-unreachable = The server cannot be reached. Trying again.
root-certificate = Install this server’s certificate
sign-in-wrong = That username and password do not belong together.
name-missing = Please write your name.
username-missing = Please choose a username.
username-bad = Use up to 32 small letters, digits, dots, dashes or underscores.
username-taken = This username is taken. Choose another one.
password-short = Please use at least 10 characters, not your username, and nothing that everybody uses.

## Chats
new-group = New group
invite-someone = Invite someone
invite-text = Whoever opens this link can create an account here. It works { $uses ->
        [one] once
       *[other] { $uses } times
    } until { $date }.
invite-link = Invitation link
copy-link = Copy link
copied = Copied
share-link = Share
nobody-found-hint = Send them an invitation, and they will be.

## Groups
group-name = Group name
group-next = Next
group-create = Create group
group-waiting = You are offline. The group is made as soon as you are back.
group-chosen = Chosen people
group-chosen-count = { $count ->
        [0] Nobody chosen yet
        [one] 1 person chosen
       *[other] { $count } people chosen
    }
group-unchoose = Remove { $name }
say-chosen = { $name } chosen
say-unchosen = { $name } removed
group-picture-add = Add a picture
group-picture-change = Change picture
group-picture-remove = Remove picture
group-name-edit = Change name
group-members = { $count ->
        [one] 1 member
       *[other] { $count } members
    }
group-admin = Admin
group-add = Add people
group-add-some = { $count ->
        [0] Add
        [one] Add 1 person
       *[other] Add { $count } people
    }
group-options = Options for { $name }
group-message = Message { $name }
group-make-admin = Make admin
group-dismiss-admin = Dismiss as admin
group-remove = Remove from group
group-remove-title = Remove { $name }?
group-remove-body = They keep what was said until now, and see nothing that comes after.
group-leave = Leave group
group-leave-title = Leave { $name }?
group-leave-body = You keep what was said until now, and see nothing that comes after.
group-leave-heir = You are the only admin. Whoever has been here longest becomes the next.

## You
you-title = You
profile = Profile
save = Save
appearance = Appearance
theme = Theme
theme-auto = System
theme-light = Light
theme-dark = Dark
contrast-more = More contrast
sounds = Sounds
sounds-on = Ring and signal tones
sounds-test = Play the ring tone
notify-on = Notifications on this device
notify-blocked = Blocked by the browser. Allow them in the site’s settings.
notify-unsupported = This browser cannot show them.
privacy = Privacy
receipts = Show when I have read and listened
receipts-hint = If this is off, you do not see it of others either.
hide-decline = Hide that I declined
hide-decline-hint = Callers see “No answer” instead.
quiet-hint = Calls do not ring. Callers can leave a note.
quiet-until = Quiet until { $time }
quiet-hour = 1 hour
quiet-evening = Until 8 in the morning
quiet-end = Let calls ring again
quiet-share = Tell callers until when
inputs = Microphone and camera
shortcuts = Keyboard shortcuts
shortcuts-hint = Ctrl or ⌘ + Shift + R records, Space pauses, Enter sends, Esc discards.
this-device = This device
device-seen = Last seen { $when }
revoke = Revoke
revoke-name = Revoke { $name }
revoke-title = Sign out { $name }?
revoke-body = It is disconnected at once and has to sign in again.
invitations = Invitations
invite-new = New invitation
invite-uses = { $uses ->
        [one] 1 use left
       *[other] { $uses } uses left
    }
invite-until = until { $date }
sign-out = Sign out
sign-out-title = Sign out of this device?
sign-out-body = Notes that were not sent yet stay as drafts on your other devices.

## Calls page
calls-title = Calls
call-note = note { $length }
calls-empty-title = No calls yet
calls-empty-text = Open a chat and call somebody. If they cannot answer, leave a note.

## About a chat
block = Block { $name }
safety = Safety
info-username = Username
block-title = Block { $name }?
block-body = They cannot call, write to you or put you into a group, and are not told. What you have stays.

## Panels of a call
microphone = Microphone
safety-code = Safety code
safety-help = Read these digits to one another. If { $name } sees the same, nobody is between you.
safety-wait = The code is here as soon as you are connected.
safety-verified = Signed by a device of { $name } that is known here.
safety-new = Signed. This is the first call with this device of { $name }.
safety-unverified = Not signed, or signed wrongly. Compare the digits before you say anything private.
safety-changed = This device of { $name } has another key than before. Perhaps it was set up anew; compare the digits to be sure.
safety-match = The digits match
keys-mute = Mute or unmute
keys-camera = Camera on or off
keys-through = Hold to talk while muted
keys-help = This list
keys-minimise = Minimise
key-space = Space
key-escape = Esc
input-default = Standard
