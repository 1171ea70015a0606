import { MonitorSmartphone, Ticket, UserPlus } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { InvitationLink } from "../chat/NewChat.tsx";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/moreText.ts";
import type { DeviceView, InviteLink } from "../state/types/settings.ts";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";

export function Devices() {
	const { devices } = useApp();
	const [asking, setAsking] = useState<DeviceView | null>(null);
	return (
		<section class="card" aria-labelledby="you-devices">
			<h2 id="you-devices">{t("devices")}</h2>
			<ul class="plain-list">
				{devices.list.value.map(device => (
					<li key={device.id}>
						<Icon of={MonitorSmartphone} />
						<span class="who">
							<bdi>{device.name}</bdi>
							<small>
								{device.current ? t("this-device") : t("device-seen", { when: format.when(device.seenTs) })}
							</small>
						</span>
						{!device.current && (
							<Button
								kind="danger"
								label={t("revoke-name", { name: device.name })}
								onClick={() => setAsking(device)}
							>
								{t("revoke")}
							</Button>
						)}
					</li>
				))}
			</ul>
			{asking && (
				<Confirm
					title={t("revoke-title", { name: asking.name })}
					text={t("revoke-body")}
					yes={t("revoke")}
					onYes={() => run(devices.revoke(asking.id))}
					onClose={() => setAsking(null)}
				/>
			)}
		</section>
	);
}

function InviteRow({ invite, onRevoke }: { invite: InviteLink; onRevoke: () => void }) {
	return (
		<li>
			<Icon of={Ticket} />
			<span class="who">
				{t("invite-uses", { uses: invite.uses })}
				<small>{t("invite-until", { date: format.date(invite.expiresTs) })}</small>
			</span>
			<Button kind="danger" onClick={onRevoke}>
				{t("revoke")}
			</Button>
		</li>
	);
}

/** For the people who look after the server: the invitations that are out. */
export function Invitations() {
	const { people } = useApp();
	const [list, setList] = useState<readonly InviteLink[]>([]);
	const [made, setMade] = useState<{ link: string; expiresTs: number } | null>(null);
	const load = async () => {
		const got = await people.invites();
		if (got.ok) setList(got.invites);
	};
	useEffect(() => run(load()), []);
	const create = async () => {
		const got = await people.invite();
		if (got.ok) setMade({ link: got.link, expiresTs: got.expiresTs });
		await load();
	};
	const revoke = async (id: number) => {
		await people.revokeInvite(id);
		await load();
	};
	return (
		<section class="card" aria-labelledby="you-invites">
			<h2 id="you-invites">{t("invitations")}</h2>
			<ul class="plain-list">
				{list.map(invite => (
					<InviteRow key={invite.id} invite={invite} onRevoke={() => run(revoke(invite.id))} />
				))}
			</ul>
			{made && <InvitationLink {...made} />}
			<Button icon={UserPlus} onClick={() => run(create())}>
				{t("invite-new")}
			</Button>
		</section>
	);
}
