import { Check, X } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { PersonView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { SearchBox } from "../ui/TextField.tsx";
import { useId } from "../ui/useId.ts";
import { firstName } from "./groupWords.ts";

interface ChosenProps {
	chosen: readonly PersonView[];
	onDrop: (person: PersonView) => void;
}

function Chosen({ chosen, onDrop }: ChosenProps) {
	if (chosen.length === 0) return null;
	return (
		<ul class="chosen" aria-label={t("group-chosen")}>
			{chosen.map(person => (
				<li key={person.id}>
					<Avatar id={person.id} name={person.name} size="xs" />
					<bdi>{firstName(person)}</bdi>
					<IconButton
						icon={X}
						size="s"
						label={t("group-unchoose", { name: person.name })}
						onClick={() => onDrop(person)}
					/>
				</li>
			))}
		</ul>
	);
}

interface OptionProps {
	id: string;
	person: PersonView;
	chosen: boolean;
	active: boolean;
	onToggle: () => void;
}

function Option({ id, person, chosen, active, onToggle }: OptionProps) {
	const { name, username } = person;
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the search box above has the keys, as aria-activedescendant says
		<div
			id={id}
			role="option"
			tabIndex={-1}
			aria-selected={chosen}
			data-active={active || undefined}
			onClick={onToggle}
		>
			<Avatar id={person.id} name={name} size="s" online={person.online > 0} />
			<span class="who">
				<bdi>{name}</bdi>
				<small>{username}</small>
			</span>
			<span class="tick">{chosen && <Icon of={Check} size="s" />}</span>
		</div>
	);
}

export interface PeoplePickerProps {
	chosen: readonly PersonView[];
	onChange: (chosen: readonly PersonView[]) => void;
	/* Who is not to be offered. */
	without?: ReadonlySet<number>;
}

const NOBODY: ReadonlySet<number> = new Set();

/** Several people: found by name, ticked with Enter or a tap, dropped by their chip or Backspace. */
export function PeoplePicker({ chosen, onChange, without = NOBODY }: PeoplePickerProps) {
	const app = useApp();
	const { people } = app;
	const [query, setQuery] = useState("");
	const [active, setActive] = useState(-1);
	const base = useId();
	const box = useRef<HTMLDivElement>(null);
	const found = people.found.value.filter(person => !without.has(person.id));
	useEffect(() => run(people.find(query)), [people, query]);
	useEffect(() => {
		box.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
	}, [active]);

	const has = (person: PersonView) => chosen.some(one => one.id === person.id);
	const toggle = (person: PersonView) => {
		const { name } = person;
		app.announce(has(person) ? t("say-unchosen", { name }) : t("say-chosen", { name }));
		onChange(has(person) ? chosen.filter(one => one.id !== person.id) : [...chosen, person]);
	};
	const drop = (person: PersonView) => {
		toggle(person);
		box.current?.querySelector("input")?.focus();
	};
	const onKey = (event: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const last = chosen.at(-1);
		if (step !== undefined) setActive(Math.max(0, Math.min(found.length - 1, active + step)));
		else if (event.key === "Enter") {
			const person = found[active] ?? (query === "" ? undefined : found[0]);
			if (person) toggle(person);
		} else if (event.key === "Backspace" && query === "" && last) toggle(last);
		else return;
		event.preventDefault();
	};
	const at = found[active];
	const idOf = (person: PersonView) => `${base}-${person.id}`;
	return (
		<div class="picker" ref={box}>
			<Chosen chosen={chosen} onDrop={drop} />
			<SearchBox
				label={t("find-people")}
				value={query}
				onInput={value => {
					setQuery(value);
					setActive(-1);
				}}
				onKeyDown={onKey}
				controls={base}
				active={at && idOf(at)}
				autofocus
			/>
			{found.length === 0 && !people.finding.value && <p class="nobody">{t("nobody-found")}</p>}
			<div class="people" role="listbox" id={base} aria-label={t("people")} aria-multiselectable="true">
				{found.map(person => (
					<Option
						key={person.id}
						id={idOf(person)}
						person={person}
						chosen={has(person)}
						active={person === at}
						onToggle={() => toggle(person)}
					/>
				))}
			</div>
		</div>
	);
}
