import { CircleAlert } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { InviteView, SessionView } from "../state/types/app.ts";
import { Icon } from "../ui/Icon.tsx";
import { JoinForm } from "./JoinForm.tsx";
import { Mark } from "./Mark.tsx";
import { SignInForm } from "./SignInForm.tsx";

type SignedOut = Extract<SessionView, { state: "signedOut" }>;

function Notice({ children }: { children: ComponentChildren }) {
	return (
		<p class="notice" role="status">
			<Icon of={CircleAlert} />
			<span>{children}</span>
		</p>
	);
}

function why(view: SignedOut): string | null {
	if (view.unreachable) return t("server-unreachable");
	if (view.invite === "gone") return t("invite-gone");
	switch (view.why) {
		case "revoked":
			return t("was-revoked");
		case "signedOut":
			return t("was-signed-out");
		case "linkGone":
			return t("link-gone");
		case null:
			return view.firstRun && view.invite === null ? t("first-run") : null;
	}
}

function inviteLine(invite: InviteView): string {
	if (invite.from !== null) return t("join-from", { name: invite.from });
	return invite.admin ? t("join-first") : t("welcome-text");
}

/* Offered only by servers that made their own certificate authority. */
function RootCertificate() {
	const [offered, setOffered] = useState(false);
	useEffect(() => {
		if (location.protocol !== "https:") return;
		fetch("/ca.pem", { method: "HEAD" }).then(
			answer => setOffered(answer.ok),
			() => setOffered(false),
		);
	}, []);
	return offered ? (
		<a class="ca" href="/ca.pem" download>
			{t("root-certificate")}
		</a>
	) : null;
}

/** Before one is in: an invitation, or signing in. */
export function EntryPage({ view }: { view: SignedOut }) {
	const notice = why(view);
	const invite = view.invite !== null && view.invite !== "gone" ? view.invite : null;
	return (
		<main class="entry" id="shell">
			<div class="entry-card" data-enter>
				<Mark />
				<h1>{invite ? t("join-title") : t("sign-in-title")}</h1>
				<p class="lead">{invite ? inviteLine(invite) : t("welcome-text")}</p>
				{notice !== null && <Notice>{notice}</Notice>}
				{invite ? <JoinForm /> : <SignInForm />}
				<RootCertificate />
			</div>
		</main>
	);
}
