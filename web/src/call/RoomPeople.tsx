import { EllipsisVertical, Hand, MicOff, UserX } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomPerson, RoomTalkView } from "../state/types/rooms.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Menu, type MenuItem } from "../ui/Menu.tsx";
import { run, useApp } from "../ui/model.ts";
import { Switch } from "../ui/Small.tsx";

export function stateOf(one: RoomPerson): string {
	switch (one.state) {
		case "joined":
			return one.muted ? t("state-muted") : "";
		case "away":
			return t("state-away");
		case "ringing":
			return t("state-ringing");
		case "left":
			return t("state-left");
		case "declined":
			return t("state-declined");
		case "busy":
			return t("state-busy");
		case "no_answer":
			return t("state-no-answer");
		case "unreachable":
			return t("state-unreachable");
		case "invited":
			return t("state-invited");
	}
}

interface RowProps {
	one: RoomPerson;
	/* Moderators may do this to them. */
	onRemove?: (() => void) | undefined;
}

function Row({ one, onRemove }: RowProps) {
	const { rooms } = useApp();
	const { id, name, online } = one.person;
	const items: MenuItem[] = [];
	if (onRemove && one.here) {
		if (one.hand !== null)
			items.push({ label: t("lower-theirs"), icon: Hand, run: () => run(rooms.lowerHand(id)) });
		if (!one.muted) items.push({ label: t("mute-person"), icon: MicOff, run: () => run(rooms.mute(id)) });
		items.push({ label: t("remove-person"), icon: UserX, danger: true, run: onRemove });
	}
	const said = [one.me && t("state-you"), one.guest && t("state-guest"), stateOf(one)].filter(Boolean);
	return (
		<li data-speaking={one.speaking || undefined}>
			<Avatar id={id} name={name} size="s" online={one.here || online > 0} />
			<span class="who">
				<bdi>{name}</bdi>
				{said.length > 0 && <small>{said.join(" · ")}</small>}
			</span>
			{one.hand !== null && (
				<span class="hand-place">
					<Icon of={Hand} size="s" />
					{one.hand}
				</span>
			)}
			{one.here && one.muted && <Icon of={MicOff} size="s" />}
			{items.length > 0 && (
				<Menu icon={EllipsisVertical} label={t("person-actions", { name })} items={items} />
			)}
		</li>
	);
}

interface ListProps {
	title: string;
	people: readonly RoomPerson[];
	onRemove?: ((one: RoomPerson) => void) | undefined;
}

function List({ title, people, onRemove }: ListProps) {
	if (people.length === 0) return null;
	return (
		<section class="room-list" aria-label={title}>
			<h3>{title}</h3>
			<ul>
				{people.map(one => (
					<Row
						key={one.person.id}
						one={one}
						onRemove={onRemove && !one.me ? () => onRemove(one) : undefined}
					/>
				))}
			</ul>
		</section>
	);
}

/** Who wants the word, in order; who is in it; who is not. */
export function RoomPeople({ view }: { view: RoomTalkView }) {
	const { rooms } = useApp();
	const [removing, setRemoving] = useState<RoomPerson | null>(null);
	const { people, mayModerate, locked } = view.room;
	const hands = people.filter(one => one.hand !== null).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
	const onRemove = mayModerate ? setRemoving : undefined;
	return (
		<div class="room-people">
			<List title={t("hands")} people={hands} onRemove={onRemove} />
			<List title={t("in-room")} people={people.filter(one => one.here)} onRemove={onRemove} />
			<List title={t("not-in-room")} people={people.filter(one => !one.here)} />
			{mayModerate && (
				<Switch label={t("lock")} hint={t("lock-hint")} on={locked} onChange={on => run(rooms.lock(on))} />
			)}
			{removing && (
				<Confirm
					title={t("remove-title", { name: removing.person.name })}
					text={t("remove-body")}
					yes={t("remove-person")}
					onYes={() => run(rooms.kick(removing.person.id))}
					onClose={() => setRemoving(null)}
				/>
			)}
		</div>
	);
}
