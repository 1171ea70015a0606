/* The texts that models speak or put into notifications, from the same catalogue as the screens. */
import type { Words } from "../state/types/app.ts";
import type { Kind, Outcome } from "../state/types/base.ts";
import * as format from "./format.ts";
import { t } from "./text.ts";

/** The caller's outcome as one plain sentence. */
export function outcomeSentence(outcome: Outcome, name: string, quietUntil: number | null): string {
	switch (outcome) {
		case "no_answer":
			return t("out-no-answer", { name });
		case "silenced":
			return quietUntil === null
				? t("out-no-answer", { name })
				: t("out-silenced-until", { name, time: format.time(quietUntil) });
		case "declined":
			return t("out-declined", { name });
		case "busy":
			return t("out-busy", { name });
		case "unreachable":
			return t("out-unreachable", { name });
		case "cancelled":
		case "cancelled_early":
			return t("out-cancelled");
		case "failed":
			return t("out-failed");
		case "answered":
			return t("say-answered", { name });
	}
}

function by(kind: Kind, voice: string, video: string): string {
	return kind === "voice" ? voice : video;
}

export const words: Words = {
	incomingCall: (kind, name) => by(kind, t("incoming-voice", { name }), t("incoming-video", { name })),
	missedCall: (kind, name) => by(kind, t("say-missed-voice", { name }), t("say-missed-video", { name })),
	missedCallWithNote(kind, name, noteMs) {
		const length = format.noteLength(noteMs);
		return by(
			kind,
			t("say-missed-voice-note", { name, length }),
			t("say-missed-video-note", { name, length }),
		);
	},
	noteArrived(kind, name, noteMs) {
		const length = format.noteLength(noteMs);
		return by(kind, t("say-voice-note", { name, length }), t("say-video-note", { name, length }));
	},
	textArrived: name => t("say-text", { name }),
	inGroup: (name, group) => t("say-in-group", { name, group }),
	addedToGroup: (name, group) => t("say-added", { name, group }),
	removedFromGroup: (name, group) => t("say-removed", { name, group }),
	noteBeingLeft: (kind, name) => by(kind, t("is-leaving-voice", { name }), t("is-leaving-video", { name })),
	outcome: outcomeSentence,
	recordingStarted: () => t("say-recording"),
	recordingPaused: () => t("say-paused"),
	secondsLeft: ms => t("say-left", { seconds: format.seconds(ms) }),
	draftKept: ms => t("say-draft", { seconds: format.seconds(ms) }),
	noteSent: name => t("say-sent", { name }),
	answered: name => t("say-answered", { name }),
	missedRoom: (_kind, group) => t("say-missed-room", { group }),
	joinedRoom: name => t("say-joined", { name }),
	leftRoom: name => t("say-went", { name }),
	reacted: (names, emoji) => t("say-reacted", { names: format.list(names), emoji }),
};
