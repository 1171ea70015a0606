import { expect, test } from "vitest";
import { setLocale } from "../i18n/format.ts";
import type { GroupChange, PersonView } from "../state/types/base.ts";
import { changeLine, typingLine } from "./groupWords.ts";

const person = (id: number, name: string): PersonView => ({
	id,
	username: "",
	name,
	blocked: false,
	online: 0,
});
const [ana, ben, carla, dan, eva] = ["Ana Lund", "Ben", "Carla", "Dan", "Eva"].map((name, i) =>
	person(i + 1, name),
);
const change = (over: Partial<GroupChange>): string =>
	changeLine({ did: "added", by: ana!, users: [], withMe: false, name: "", ...over });

test("what was done to a group is one sentence", () => {
	setLocale("en-GB");
	expect(change({ did: "created", name: "Garden" })).toBe("Ana Lund made the group “Garden”");
	expect(change({ did: "named", by: null, name: "Yard" })).toBe("You named the group “Yard”");
	expect(change({ did: "left" })).toBe("Ana Lund left");
	expect(change({ did: "removed", users: [ben!] })).toBe("Ana Lund removed Ben");
	expect(change({ did: "removed", withMe: true })).toBe("Ana Lund removed you");
});

test("who was added is named, and counted when they are many", () => {
	setLocale("en-GB");
	expect(change({ users: [carla!] })).toBe("Ana Lund added Carla");
	expect(change({ by: null, users: [carla!, dan!] })).toBe("You added Carla and Dan");
	expect(change({ users: [carla!], withMe: true })).toBe("Ana Lund added you and Carla");
	expect(change({ users: [ben!, carla!, dan!, eva!] })).toBe("Ana Lund added Ben, Carla and 2 others");
});

test("who becomes an admin without anybody's doing is named alone", () => {
	expect(change({ did: "admin", users: [ben!] })).toBe("Ana Lund made Ben an admin");
	expect(change({ did: "admin", users: [ana!] })).toBe("Ana Lund is an admin now");
	expect(change({ did: "admin", by: null, withMe: true })).toBe("You are an admin now");
	expect(change({ did: "unadmin", by: null, withMe: true })).toBe("You are no admin any more");
});

test("who writes is said by first names", () => {
	setLocale("en-GB");
	expect(typingLine([ana!])).toBe("Ana is typing");
	expect(typingLine([ana!, ben!])).toBe("Ana and Ben are typing");
	expect(typingLine([ana!, ben!, carla!, dan!])).toBe("Ana, Ben and 2 others are typing");
});
