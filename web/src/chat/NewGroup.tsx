import { Users } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import { chatPath } from "../lib/routes.ts";
import type { PersonView } from "../state/types/base.ts";
import type { Picture } from "../state/types/groups.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { run, useApp, useRoute } from "../ui/model.ts";
import { TextField } from "../ui/TextField.tsx";
import { nameList } from "./groupWords.ts";
import { PeoplePicker } from "./PeoplePicker.tsx";
import { PictureButton } from "./PictureButton.tsx";

export const NAME_MAX = 100;

/* Where the bytes can be shown from. */
function usePreview(picture: Picture | null): string | null {
	const [url, setUrl] = useState<string | null>(null);
	useEffect(() => {
		const made = picture && URL.createObjectURL(new Blob([picture]));
		setUrl(made);
		return () => {
			if (made) URL.revokeObjectURL(made);
		};
	}, [picture]);
	return url;
}

interface NamingProps {
	chosen: readonly PersonView[];
	onBack: () => void;
	onClose: () => void;
}

function Naming({ chosen, onBack, onClose }: NamingProps) {
	const { groups, connection } = useApp();
	const route = useRoute();
	const [name, setName] = useState("");
	const [picture, setPicture] = useState<Picture | null>(null);
	const [busy, setBusy] = useState(false);
	const preview = usePreview(picture);
	const create = async () => {
		if (name.trim() === "" || busy) return;
		setBusy(true);
		const users = chosen.map(person => person.id);
		const made = await groups.create(name, users, picture);
		setBusy(false);
		if (!made.ok) return;
		onClose();
		route.go(chatPath(made.conv));
	};
	return (
		<form
			class="naming"
			onSubmit={event => {
				event.preventDefault();
				run(create());
			}}
		>
			<div class="naming-picture">
				<Avatar id={0} name={name || "?"} size="l" picture={preview} group />
				<div class="row center">
					<PictureButton
						label={picture ? t("group-picture-change") : t("group-picture-add")}
						onPicture={setPicture}
					/>
					{picture && (
						<Button kind="plain" onClick={() => setPicture(null)}>
							{t("group-picture-remove")}
						</Button>
					)}
				</div>
			</div>
			<TextField label={t("group-name")} value={name} onInput={setName} maxLength={NAME_MAX} autofocus />
			<p class="quiet">{nameList(chosen.map(person => person.name))}</p>
			{busy && connection.value !== "online" && (
				<p class="quiet" role="status">
					{t("group-waiting")}
				</p>
			)}
			<div class="actions">
				<Button onClick={onBack} disabled={busy}>
					{t("back")}
				</Button>
				<Button kind="main" type="submit" icon={Users} busy={busy} disabled={name.trim() === ""}>
					{t("group-create")}
				</Button>
			</div>
		</form>
	);
}

export interface NewGroupProps {
	step: "people" | "name";
	onStep: (step: "people" | "name") => void;
	onClose: () => void;
}

/** First who, then what it is called. */
export function NewGroup({ step, onStep, onClose }: NewGroupProps) {
	const [chosen, setChosen] = useState<readonly PersonView[]>([]);
	if (step === "name") return <Naming chosen={chosen} onBack={() => onStep("people")} onClose={onClose} />;
	return (
		<>
			<PeoplePicker chosen={chosen} onChange={setChosen} />
			<div class="actions">
				<p class="quiet grow">{t("group-chosen-count", { count: chosen.length })}</p>
				<Button kind="main" disabled={chosen.length === 0} onClick={() => onStep("name")}>
					{t("group-next")}
				</Button>
			</div>
		</>
	);
}
