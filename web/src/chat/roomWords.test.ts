import { describe, expect, it } from "vitest";
import type { RoomPerson, RoomView } from "../state/types/rooms.ts";
import type { RoomEntry } from "../state/types/thread.ts";
import { roomFacts, roomName, roomTitle, whoIsIn } from "./roomWords.ts";

const entry = (over: Partial<RoomEntry>): RoomEntry => ({
	key: "s1",
	seq: 1,
	mine: false,
	ts: 1,
	from: null,
	type: "room",
	room: "r",
	kind: "voice",
	outcome: "ended",
	missed: false,
	startedTs: 1,
	durationMs: 720_000,
	people: ["Ben", "Carla"],
	meThere: true,
	note: null,
	noteDeleted: false,
	sending: null,
	...over,
});

const someone = (name: string, me = false) => ({ person: { id: 1, name }, me, here: true }) as RoomPerson;
const open = (state: RoomView["state"], people: RoomPerson[]) => ({ state, people }) as unknown as RoomView;
const nobody = { outcome: "no_one_joined", durationMs: 0, people: [], meThere: false } as const;

describe("the words of a room", () => {
	it("say how long and who was there", () => {
		expect(roomName(entry({}), null)).toBe("Group voice call, 12 min, Ben, Carla, and you.");
		expect(roomName(entry({ missed: true, meThere: false }), null)).toBe(
			"Missed group call, 12 min, Ben and Carla.",
		);
	});

	it("say that nobody came, to who called and to who was called", () => {
		expect(roomName(entry({ ...nobody, mine: true }), null)).toBe("No one joined, Group voice call.");
		expect(roomName(entry({ ...nobody, missed: true }), null)).toBe("Missed group call, No one joined.");
	});

	it("say of nobody that they have missed what is open", () => {
		const missed = entry({ ...nobody, missed: true });
		expect(roomTitle(missed, open("waiting", []))).toBe("Group voice call");
		expect(roomFacts(missed, open("waiting", []))).toEqual(["No one has joined yet"]);
		const live = open("live", [someone("Ana", true), someone("Ben")]);
		expect(roomName(missed, live)).toBe("Group voice call, Ben and you in it.");
		expect(roomTitle(entry({ ...nobody, mine: true }), live)).toBe("Group voice call");
	});

	it("name some of many, and me last", () => {
		const many = ["A", "B", "C", "D", "E", "F"].map(name => someone(name));
		expect(whoIsIn([someone("Me", true), ...many])).toBe("A, B, C, D, and 3 more in it");
		expect(whoIsIn([])).toBe("Nobody is in it yet");
	});
});
