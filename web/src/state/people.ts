/* Finding people, inviting them, blocking them. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { array, BAD, int, object, orElse, positive, text } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import { user as userOf } from "../wire/types.ts";
import type { Core } from "./core.ts";
import type { PersonView } from "./types/base.ts";
import type { InviteLink, PeopleModel } from "./types/settings.ts";

const users = array(userOf, 1_000);
const created = object({ token: text(1024), expires: orElse(int, 0) });
const invite = object({
	id: int,
	uses: orElse(int, 0),
	expires: orElse(int, 0),
	created: orElse(int, 0),
	by: x => (typeof x === "string" || typeof x === "number" ? x : ""),
});
const invites = array(invite, 10_000);

/* As the server finds: by the start of a word of the name, or of the username. */
function matches({ name, username }: PersonView, q: string): boolean {
	const words = q.toLowerCase();
	const gap = /[\s\-._'(\u2019]/;
	const text = name.toLowerCase();
	for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1))
		if (at === 0 || gap.test(text.charAt(at - 1))) return true;
	return username.startsWith(words);
}

export class People implements PeopleModel {
	readonly #core: Core;
	readonly #found = signal<readonly PersonView[]>([]);
	readonly #finding = signal(false);
	#turn = 0;

	constructor(core: Core) {
		this.#core = core;
	}

	get found(): ReadonlySignal<readonly PersonView[]> {
		return this.#found;
	}
	get finding(): ReadonlySignal<boolean> {
		return this.#finding;
	}

	async find(query: string): Promise<Result> {
		const turn = ++this.#turn;
		const q = query.trim();
		this.#found.value = this.#known(q);
		this.#finding.value = true;
		const answer = await this.#core.ask("people.find", { q }, { again: true });
		if (turn !== this.#turn) return { ok: true };
		this.#finding.value = false;
		if (!answer.ok) return failure(answer.code);
		const found = users(answer.body.users);
		if (found === BAD) return failure("bad_answer");
		const others = found.filter(user => user.id !== this.#core.me.value?.id);
		this.#core.addUsers(others);
		this.#found.value = others;
		return { ok: true };
	}

	/* Who of those seen before fits, until the server has said it. */
	#known(q: string): readonly PersonView[] {
		const { users, me } = this.#core;
		const all = [...users.value.values()].filter(user => user.id !== me.value?.id && matches(user, q));
		return all.sort((a, b) => a.name.localeCompare(b.name));
	}

	async invite(
		options: { uses?: number; days?: number; admin?: boolean } = {},
	): Promise<Result<{ link: string; expiresTs: number }>> {
		const { uses = 1, days = 7, admin = false } = options;
		const args = positive(uses) === BAD ? { days } : { uses, days };
		const answer = await this.#core.ask("invite.create", admin ? { ...args, admin } : args);
		if (!answer.ok) return failure(answer.code, answer.retryMs);
		const body = created(answer.body);
		if (body === BAD) return failure("bad_answer");
		return { ok: true, link: `${this.#core.env.page.origin()}/#i=${body.token}`, expiresTs: body.expires };
	}

	async invites(): Promise<Result<{ invites: readonly InviteLink[] }>> {
		const answer = await this.#core.ask("invite.list", {}, { again: true });
		if (!answer.ok) return failure(answer.code);
		const list = invites(answer.body.invites);
		if (list === BAD) return failure("bad_answer");
		return {
			ok: true,
			invites: list.map(one => ({
				id: one.id,
				uses: one.uses,
				expiresTs: one.expires,
				createdTs: one.created,
				by: typeof one.by === "number" ? this.#core.person(one.by).name : one.by,
			})),
		};
	}

	revokeInvite(id: number): Promise<Result> {
		return this.#core.tell("invite.revoke", { invite: id }, { again: true });
	}

	block(user: number): Promise<Result> {
		return this.#block(user, true);
	}

	unblock(user: number): Promise<Result> {
		return this.#block(user, false);
	}

	async #block(user: number, on: boolean): Promise<Result> {
		const result = await this.#core.tell(on ? "block" : "unblock", { user }, { again: true });
		const known = this.#core.users.value.get(user);
		if (result.ok && known !== undefined) this.#core.addUsers([{ ...known, blocked: on }]);
		return result;
	}
}
