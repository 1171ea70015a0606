/* Finding people by their names: what is shown belongs to the words in the box, from the first keystroke on. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { PersonView } from "../state/types/base.ts";
import { run, useApp } from "./model.ts";

export interface PeopleSearch {
	query: string;
	found: readonly PersonView[];
	/* Nobody fits, as far as the server knows. */
	nobody: boolean;
	search: (query: string) => void;
}

/** @param fits who is to be offered at all */
export function usePeople(fits: (person: PersonView) => boolean = () => true): PeopleSearch {
	const { people } = useApp();
	const [query, setQuery] = useState("");
	/* Not after the next paint: until then Enter would choose from what an earlier search has left. */
	useLayoutEffect(() => run(people.find("")), [people]);
	const search = (words: string) => {
		setQuery(words);
		run(people.find(words));
	};
	const found = people.found.value.filter(fits);
	return { query, found, nobody: found.length === 0 && !people.finding.value, search };
}

/** Which of them the arrow keys have reached: a person, not a place, since more may be found above them. */
export function useActive(found: readonly PersonView[]) {
	const [active, setActive] = useState<number | null>(null);
	const index = found.findIndex(person => person.id === active);
	const step = (by: number) =>
		setActive(found[Math.max(0, Math.min(found.length - 1, index + by))]?.id ?? null);
	return { at: found[index], step, reset: () => setActive(null) };
}
