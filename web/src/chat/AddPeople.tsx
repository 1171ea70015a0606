import { UserPlus } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { GroupView, PersonView } from "../state/types/base.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { PeoplePicker } from "./PeoplePicker.tsx";

function Picking({ group, onClose }: AddPeopleProps) {
	const { groups } = useApp();
	const [chosen, setChosen] = useState<readonly PersonView[]>([]);
	const [busy, setBusy] = useState(false);
	const without = new Set(group.members.map(member => member.person.id));
	const add = async () => {
		setBusy(true);
		const users = chosen.map(person => person.id);
		const added = await groups.add(group.conv, users);
		setBusy(false);
		if (added.ok) onClose();
	};
	return (
		<Dialog title={t("group-add")} closeLabel={t("close")} onClose={onClose}>
			<PeoplePicker chosen={chosen} onChange={setChosen} without={without} />
			<div class="actions">
				<Button onClick={onClose}>{t("cancel")}</Button>
				<Button
					kind="main"
					icon={UserPlus}
					busy={busy}
					disabled={chosen.length === 0}
					onClick={() => run(add())}
				>
					{t("group-add-some", { count: chosen.length })}
				</Button>
			</div>
		</Dialog>
	);
}

export interface AddPeopleProps {
	group: GroupView;
	onClose: () => void;
}

export function AddPeople(props: AddPeopleProps) {
	return (
		<Portal>
			<Picking {...props} />
		</Portal>
	);
}
