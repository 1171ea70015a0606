import { Check, X } from "lucide";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { PersonView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useApp } from "../ui/model.ts";
import { SearchBox } from "../ui/TextField.tsx";
import { useId } from "../ui/useId.ts";
import { useActive, usePeople } from "../ui/usePeople.ts";
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
	const { query, found, nobody, search } = usePeople(person => !without.has(person.id));
	const { at, step, reset } = useActive(found);
	const base = useId();
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (at) box.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
	}, [at]);

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
		const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const last = chosen.at(-1);
		if (by !== undefined) step(by);
		else if (event.key === "Enter") {
			const person = at ?? (query === "" ? undefined : found[0]);
			if (person) toggle(person);
		} else if (event.key === "Backspace" && query === "" && last) toggle(last);
		else return;
		event.preventDefault();
	};
	const idOf = (person: PersonView) => `${base}-${person.id}`;
	return (
		<div class="picker" ref={box}>
			<Chosen chosen={chosen} onDrop={drop} />
			<SearchBox
				label={t("find-people")}
				value={query}
				onInput={value => {
					search(value);
					reset();
				}}
				onKeyDown={onKey}
				controls={base}
				active={at && idOf(at)}
				autofocus
			/>
			{nobody && <p class="nobody">{t("nobody-found")}</p>}
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
