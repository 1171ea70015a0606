/* Connections to rooms on a real browser; microphone, camera and screen as in a call between two. */
import { browserTalkDevices } from "./browserTalk.ts";
import { SfuPeer } from "./roomPeer.ts";
import type { RoomPorts } from "./roomPorts.ts";
import { BrowserRoomSink } from "./roomSink.ts";

export function browserRoom(): RoomPorts {
	return {
		devices: browserTalkDevices(),
		peer: pictures => new SfuPeer(pictures),
		sink: () => new BrowserRoomSink(),
	};
}
