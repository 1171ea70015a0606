// The group "Garden" and a call in it: voices that are tones, pictures that are colours.
import { signedIn } from "./person.mjs";
import { group } from "./room.mjs";
import { startServer } from "./server.mjs";
import { callRegion } from "./talk.mjs";

export const set = { ring_seconds: 60, ring_stop_seconds: 75, unreachable_seconds: 30 };
const view = { width: 900, height: 640 };
export const looks = {
	Ana: { hz: 440, colour: "#d01020", rgb: [208, 16, 32] },
	Ben: { hz: 660, colour: "#10b030", rgb: [16, 176, 48] },
	Carla: { hz: 880, colour: "#2030d0", rgb: [32, 48, 208] },
	Dev: { hz: 1200, colour: "#d0c010", rgb: [208, 192, 16] },
};
export const chromium = (server, name, more = {}) => signedIn(server, name, { synthetic: looks[name], viewport: view, ...more });
export const tones = (...names) => names.map((name) => looks[name].hz);

/** The group's chat, opened as a person would. */
export async function opened(person) {
	const link = person.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Garden/ });
	await link.first().click();
	await person.page.getByRole("main", { name: "Garden" }).waitFor();
	return person;
}

export async function ringAll(person, kind, others) {
	await person.button(kind).click();
	const dialog = person.page.getByRole("dialog", { name: "Call Garden" });
	await dialog.getByRole("button", { name: new RegExp(`^Ring ${others} `) }).click();
	await callRegion(person).waitFor();
}

export const answer = (person, kind) => person.incoming("Garden", kind).getByRole("button", { name: "Answer", exact: true }).click({ timeout: 60_000 });

/** Ana starts, Ben and Carla answer: three Chromiums in one room. Whoever else is to hear it ring comes `before`. */
export async function three(kind = "video", before = async () => {}) {
	const server = await startServer({ people: ["Ana", "Ben", "Carla", "Dev"], set });
	const made = await group(server, "Garden", ["Ana", "Ben", "Carla", "Dev"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	const carla = await opened(await chromium(server, "Carla"));
	await before(server);
	await ringAll(ana, kind === "video" ? "Video call" : "Voice call", 3);
	for (const one of [ben, carla]) {
		await answer(one, kind);
		await callRegion(one).waitFor();
	}
	return { server, made, ana, ben, carla };
}
