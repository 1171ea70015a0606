# Group calls and voice chats: comes with their screens.

## In the thread
room-voice = Group voice call
room-video = Group video call
room-chat = Voice chat
room-no-one = No one joined
room-no-one-yet = No one has joined yet
room-minutes = { $count ->
        [one] 1 min
       *[other] { $count } min
    }
room-seconds = { $count } s
room-you = you
voice-chat-join = Join voice chat
voice-chat = Voice chat
room-live-voice = Group voice call
room-live-video = Group video call
room-waiting = Waiting for somebody
room-join = Join
room-in-it = { $names } in it
room-in-it-nobody = Nobody is in it yet
room-speaking = { $names } speaking
room-elsewhere = You are in it at another device
join-muted = Join muted
more-names = { $count ->
        [one] 1 more
       *[other] { $count } more
    }

## Starting
start-title = Call { $group }
start-text-voice = A voice call with the whole group.
start-text-video = A video call with the whole group.
start-ring = { $count ->
        [one] Ring 1 person
       *[other] Ring { $count } people
    }
start-open = Just open the room
start-open-hint = Nobody is rung. Whoever sees it can join.
start-many = { $count } people would be called at once. Ring all of them?
start-many-yes = Ring all { $count }

## In it
raise-hand = Raise hand
lower-hand = Lower hand
react = React
more-emoji = More emoji
find-emoji = Find an emoji
emoji-none = Nothing found
emoji-failed = The emoji could not be loaded.
layout-grid = Grid
layout-speaker = Speaker
people-panel = People
tile-speaking = { $name }, speaking
tile-hand = { $name }, hand raised, number { $number } in line
tile-away = { $name }, connection lost
tile-pin = Enlarge { $name }
tile-unpin = Follow who speaks
tile-more = { $count ->
        [one] 1 more person
       *[other] { $count } more people
    }
own-move = Your picture: move it with the arrow keys
hands = Raised hands
hands-up = Hand raised: { $names }
in-room = In the call
not-in-room = Not in the call
person-actions = { $name }: actions
lower-theirs = Lower hand
mute-person = Mute
remove-person = Remove
remove-title = Remove { $name } from the call?
remove-body = They cannot come back into this call.
lock = Lock the call
lock-hint = Nobody else can join.
locked = Locked
add-people-do = { $count ->
        [0] Call them
        [one] Call 1 person
       *[other] Call { $count } people
    }
state-ringing = Ringing
state-declined = Declined
state-busy = On another call
state-no-answer = No answer
state-unreachable = Not reached
state-left = Left
state-invited = Not rung
state-away = Connection lost
state-muted = Muted
state-guest = Guest
state-you = You
ringing-group = Ringing { $group }
alone = You are the only one here
alone-hint = The others see that the call is open.
no-one = No one joined.
no-one-hint = Leave a note for { $group }. The call stays open for 10 minutes, should somebody come.
muted-by = { $name } muted you. Only you can unmute.
hand-hint = You have had the word. Lower your hand?
hand-keep = Keep it up
mic-denied-room = The browser does not allow the microphone, so nobody hears you.
mic-none-room = No microphone was found, so nobody hears you.
mic-used-room = Another program uses the microphone, so nobody hears you.
keys-hand = Raise or lower your hand
keys-react = Send one of the six quick emoji
