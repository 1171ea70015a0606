// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { useState } from "preact/hooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { App } from "../state/app.ts";
import { newWorld, type World } from "../state/fakes.ts";
import type { PersonView } from "../state/types/base.ts";
import { AppContext } from "../ui/model.ts";
import { PeoplePicker } from "./PeoplePicker.tsx";

const person = (id: number, name: string) => ({ id, username: name.toLowerCase(), name });
let everybody: ReturnType<typeof person>[] = [];
const three = [person(2, "Ben"), person(3, "Carla"), person(4, "Carlo")];

let world: World;
let app: App;
let answers: boolean;

function Picking() {
	const [chosen, setChosen] = useState<readonly PersonView[]>([]);
	return (
		<AppContext.Provider value={app}>
			<PeoplePicker chosen={chosen} onChange={setChosen} />
		</AppContext.Provider>
	);
}

const box = () => screen.getByRole("searchbox");
const names = () => screen.queryAllByRole("option").map(one => one.querySelector("bdi")?.textContent);
const ticked = () => screen.queryAllByRole("listitem").map(one => one.querySelector("bdi")?.textContent);

async function settled(): Promise<void> {
	await world.clock.advance(0);
	await new Promise(done => setTimeout(done, 0));
}

beforeEach(async () => {
	world = newWorld();
	everybody = three;
	answers = true;
	world.server.on("people.find", ({ q }) => {
		if (!answers) return { silent: true };
		const words = String(q).toLowerCase();
		return { users: everybody.filter(one => one.username.startsWith(words)) };
	});
	app = new App(world.env);
	await app.start();
	await settled();
	render(<Picking />);
	await waitFor(() => expect(names()).toEqual(["Ben", "Carla", "Carlo"]));
});

afterEach(cleanup);

describe("choosing people", () => {
	it("offers only who fits the words, though the server has not answered", async () => {
		fireEvent.input(box(), { target: { value: "Ben" } });
		await waitFor(() => expect(names()).toEqual(["Ben"]));
		await settled();
		answers = false;
		fireEvent.input(box(), { target: { value: "Carla" } });
		await settled();
		expect(names()).toEqual(["Carla"]);
		fireEvent.keyDown(box(), { key: "ArrowDown" });
		await settled();
		fireEvent.keyDown(box(), { key: "Enter" });
		await waitFor(() => expect(ticked()).toEqual(["Carla"]));
	});

	it("ticks nobody of an older search", async () => {
		answers = false;
		fireEvent.input(box(), { target: { value: "Dora" } });
		await settled();
		expect(names()).toEqual([]);
		fireEvent.keyDown(box(), { key: "ArrowDown" });
		fireEvent.keyDown(box(), { key: "Enter" });
		await settled();
		expect(ticked()).toEqual([]);
	});

	it("keeps whom the arrows have reached when more are found above", async () => {
		fireEvent.input(box(), { target: { value: "Carl" } });
		await settled();
		fireEvent.keyDown(box(), { key: "ArrowDown" });
		await settled();
		everybody = [person(5, "Carl"), ...three];
		await app.people.find("Carl");
		await settled();
		expect(names()).toEqual(["Carl", "Carla", "Carlo"]);
		fireEvent.keyDown(box(), { key: "Enter" });
		await waitFor(() => expect(ticked()).toEqual(["Carla"]));
	});
});
