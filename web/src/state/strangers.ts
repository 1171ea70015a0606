/* People of whom the server tells only who they are by number: a guest and who invited them may share no chat. Their names are asked for,
 * once. */
import { array, BAD } from "../wire/decode.ts";
import { user } from "../wire/types.ts";
import type { Core } from "./core.ts";

const ASK_MS = 5_000;
const peopleOf = array(user, 1_000);

export class Strangers {
	readonly #core: Core;
	readonly #asked = new Set<number>();

	constructor(core: Core) {
		this.#core = core;
	}

	/* Resolves when they are known, as far as they will be. */
	async meet(users: readonly number[]): Promise<void> {
		const strange = users.filter(one => this.#core.person(one).name === "");
		if (strange.every(one => this.#asked.has(one))) return;
		for (const one of strange) this.#asked.add(one);
		const answer = await this.#core.ask("people.find", { q: "" }, { timeoutMs: ASK_MS });
		const found = answer.ok ? peopleOf(answer.body.users) : BAD;
		if (found !== BAD) this.#core.addUsers(found.filter(one => strange.includes(one.id)));
	}
}
