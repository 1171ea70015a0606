import { LogOut } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { MeView } from "../state/types/app.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { run, useApp } from "../ui/model.ts";
import { TextField } from "../ui/TextField.tsx";
import { Devices, Invitations } from "./Devices.tsx";
import { Inputs } from "./Inputs.tsx";
import { Appearance, Privacy, Sounds } from "./Preferences.tsx";

function Profile({ me }: { me: MeView }) {
	const { settings } = useApp();
	const [name, setName] = useState(me.name);
	const changed = name.trim() !== "" && name.trim() !== me.name;
	return (
		<section class="card profile" aria-label={t("profile")}>
			<Avatar id={me.id} name={name || me.name} size="l" />
			<form
				onSubmit={event => {
					event.preventDefault();
					if (changed) run(settings.setName(name.trim()));
				}}
			>
				<TextField label={t("join-name")} value={name} onInput={setName} autocomplete="name" maxLength={64} />
				<p class="quiet">{me.username}</p>
				{changed && (
					<Button kind="main" type="submit">
						{t("save")}
					</Button>
				)}
			</form>
		</section>
	);
}

export function YouPage() {
	const app = useApp();
	const session = app.session.value;
	const [leaving, setLeaving] = useState(false);
	useEffect(() => run(app.devices.load()), [app]);
	if (session.state !== "signedIn") return null;
	const { me } = session;
	return (
		<section class="pane-list you" aria-labelledby="you-title">
			<header class="pane-head">
				<h1 id="you-title">{t("you-title")}</h1>
			</header>
			<div class="pane-scroll cards">
				<Profile me={me} />
				<Appearance />
				<Sounds />
				<Inputs />
				<Privacy me={me} />
				<Devices />
				{me.admin && <Invitations />}
				<Button kind="danger" icon={LogOut} onClick={() => setLeaving(true)}>
					{t("sign-out")}
				</Button>
			</div>
			{leaving && (
				<Confirm
					title={t("sign-out-title")}
					text={t("sign-out-body")}
					yes={t("sign-out")}
					onYes={() => run(app.signOut())}
					onClose={() => setLeaving(false)}
				/>
			)}
		</section>
	);
}
