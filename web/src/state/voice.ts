/* All that speaks: calls, recordings and their drafts, listening to a note that is being left; and the making of groups. It is a file of
 * its own, loaded right after the first paint and before the connection is made, so that no ring and no draft comes before it. */
import { Uploads } from "../media/uploads.ts";
import { Calls } from "./calls.ts";
import type { Core } from "./core.ts";
import { Drafts } from "./drafts.ts";
import { Groups } from "./groups.ts";
import { Live } from "./live.ts";
import { Recorder } from "./recorder.ts";
import { RoomHost } from "./roomHost.ts";
import { TalkHost } from "./talkHost.ts";

export class Voice {
	readonly uploads: Uploads;
	readonly recorder: Recorder;
	readonly calls: Calls;
	readonly talk: TalkHost;
	readonly rooms: RoomHost;
	readonly live: Live;
	readonly drafts: Drafts;
	readonly groups: Groups;

	constructor(core: Core) {
		const { clock, storage, random } = core.env;
		this.uploads = new Uploads({ clock, storage, random, socket: core.socket });
		this.recorder = new Recorder(core, this.uploads);
		this.calls = new Calls(core, this.recorder);
		this.talk = new TalkHost(core, this.calls, this.recorder);
		this.rooms = new RoomHost(core, this.calls, this.talk, this.recorder);
		this.live = new Live(core, call => this.calls.answer(call));
		this.drafts = new Drafts(core, this.uploads, this.recorder);
		this.groups = new Groups(core);
		core.scope.add(() => this.uploads.end());
	}
}
