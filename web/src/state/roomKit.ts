/* What only a room needs, in a file of its own that is loaded when one is about to be joined. */
import { browserRoom } from "../media/browserRoom.ts";
import type { RoomKit } from "./env.ts";
import { RoomTalk } from "./roomTalk.ts";

export function roomKit(): RoomKit {
	return { ports: browserRoom(), RoomTalk };
}
