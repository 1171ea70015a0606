import { LogOut, Pencil, UserPlus } from "lucide";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { GroupView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useFocusOn } from "../ui/modal.ts";
import { run, useApp } from "../ui/model.ts";
import { TextField } from "../ui/TextField.tsx";
import { AddPeople } from "./AddPeople.tsx";
import { InfoPanel } from "./InfoPanel.tsx";
import { Members } from "./Members.tsx";
import { NAME_MAX } from "./NewGroup.tsx";
import { PictureButton } from "./PictureButton.tsx";

function NameForm({ group, onDone }: { group: GroupView; onDone: () => void }) {
	const { groups } = useApp();
	const [name, setName] = useState(group.name);
	const [busy, setBusy] = useState(false);
	const save = async () => {
		const wanted = name.trim();
		if (wanted === "") return;
		setBusy(true);
		const saved = wanted === group.name || (await groups.setName(group.conv, wanted)).ok;
		setBusy(false);
		if (saved) onDone();
	};
	return (
		<form
			class="name-form"
			onSubmit={event => {
				event.preventDefault();
				run(save());
			}}
			onKeyDown={event => {
				if (event.key === "Escape") onDone();
			}}
		>
			<TextField label={t("group-name")} value={name} onInput={setName} maxLength={NAME_MAX} autofocus />
			<div class="row center">
				<Button onClick={onDone}>{t("cancel")}</Button>
				<Button kind="main" type="submit" busy={busy} disabled={name.trim() === ""}>
					{t("save")}
				</Button>
			</div>
		</form>
	);
}

/* Every member may name the group and give it a picture. */
function Looks({ group }: { group: GroupView }) {
	const { groups } = useApp();
	const [naming, setNaming] = useState(false);
	const place = useRef<HTMLDivElement>(null);
	useFocusOn(place, naming ? "name" : "");
	const stop = () => {
		setNaming(false);
		place.current?.querySelector<HTMLElement>(".info-name button")?.focus();
	};
	return (
		<div class="looks" ref={place}>
			<Avatar id={group.conv} name={group.name} size="l" picture={group.picture} group />
			{naming && <NameForm group={group} onDone={stop} />}
			<div class="info-name" hidden={naming}>
				<bdi>{group.name}</bdi>
				{!group.left && (
					<IconButton icon={Pencil} label={t("group-name-edit")} onClick={() => setNaming(true)} />
				)}
			</div>
			{!group.left && (
				<div class="row center">
					<PictureButton
						label={group.picture ? t("group-picture-change") : t("group-picture-add")}
						onPicture={picture => run(groups.setPicture(group.conv, picture))}
					/>
					{group.picture && (
						<Button kind="plain" onClick={() => run(groups.setPicture(group.conv, null))}>
							{t("group-picture-remove")}
						</Button>
					)}
				</div>
			)}
		</div>
	);
}

function Inside({ group }: { group: GroupView }) {
	const { groups } = useApp();
	const [asking, setAsking] = useState<"add" | "leave" | null>(null);
	const close = () => setAsking(null);
	const alone = group.members.length === 1;
	const lastAdmin = group.admin && group.members.filter(member => member.admin).length === 1;
	const heir = lastAdmin && !alone ? ` ${t("group-leave-heir")}` : "";
	return (
		<>
			{group.admin && (
				<Button wide icon={UserPlus} onClick={() => setAsking("add")}>
					{t("group-add")}
				</Button>
			)}
			<Members group={group} />
			<Button wide kind="danger" icon={LogOut} onClick={() => setAsking("leave")}>
				{t("group-leave")}
			</Button>
			{asking === "add" && <AddPeople group={group} onClose={close} />}
			{asking === "leave" && (
				<Confirm
					title={t("group-leave-title", { name: group.name })}
					text={t("group-leave-body") + heir}
					yes={t("group-leave")}
					onYes={() => run(groups.leave(group.conv))}
					onClose={close}
				/>
			)}
		</>
	);
}

export function GroupInfo({ group, onClose }: { group: GroupView; onClose: () => void }) {
	return (
		<InfoPanel onClose={onClose}>
			<Looks group={group} />
			{group.left ? <p class="quiet">{t("group-left")}</p> : <Inside group={group} />}
		</InfoPanel>
	);
}
