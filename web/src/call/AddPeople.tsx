import { Check, Phone } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomTalkView } from "../state/types/rooms.ts";
import type { TalkView } from "../state/types/talk.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { SearchBox } from "../ui/TextField.tsx";
import { usePeople } from "../ui/usePeople.ts";
import "./roomStrip.css";

interface AddPeopleProps {
	/* In it already. */
	inside: readonly number[];
	onDone: (users: readonly number[]) => void;
	onClose: () => void;
}

function AddPeople({ inside, onDone, onClose }: AddPeopleProps) {
	const { query, found, nobody, search } = usePeople(one => !inside.includes(one.id) && !one.blocked);
	const [chosen, setChosen] = useState<readonly number[]>([]);
	const toggle = (id: number) =>
		setChosen(chosen.includes(id) ? chosen.filter(other => other !== id) : [...chosen, id]);
	return (
		<Portal>
			<Dialog title={t("call-add-people")} closeLabel={t("close")} onClose={onClose}>
				<SearchBox label={t("find-people")} value={query} onInput={search} autofocus />
				<div class="people" role="group" aria-label={t("people")}>
					{found.map(one => (
						<button
							type="button"
							key={one.id}
							role="checkbox"
							aria-checked={chosen.includes(one.id)}
							onClick={() => toggle(one.id)}
						>
							<Avatar id={one.id} name={one.name} size="s" online={one.online > 0} />
							<span class="who">
								<bdi>{one.name}</bdi>
								<small>{one.username}</small>
							</span>
							{chosen.includes(one.id) && <Icon of={Check} />}
						</button>
					))}
				</div>
				{nobody && <p class="nobody">{t("nobody-found")}</p>}
				<Button
					wide
					kind="main"
					icon={Phone}
					disabled={chosen.length === 0}
					onClick={() => {
						onDone(chosen);
						onClose();
					}}
				>
					{t("add-people-do", { count: chosen.length })}
				</Button>
			</Dialog>
		</Portal>
	);
}

/** Further people into the room that I am in. */
export function InviteToRoom({ view, onClose }: { view: RoomTalkView; onClose: () => void }) {
	const { rooms } = useApp();
	const inside = view.room.people.filter(one => one.here || one.me).map(one => one.person.id);
	return <AddPeople inside={inside} onDone={users => run(rooms.invite(users))} onClose={onClose} />;
}

/** The call between two becomes a room. */
export function GrowCall({ view, onClose }: { view: TalkView; onClose: () => void }) {
	const { rooms, session } = useApp();
	const me = session.value.state === "signedIn" ? session.value.me.id : 0;
	return (
		<AddPeople inside={[me, view.person.id]} onDone={users => run(rooms.grow(users))} onClose={onClose} />
	);
}
