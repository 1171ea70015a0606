import { useState } from "preact/hooks";
import { why } from "../i18n/errors.ts";
import { t } from "../i18n/moreText.ts";
import type { ErrorCode } from "../state/types/base.ts";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";
import { TextField } from "../ui/TextField.tsx";

interface Errors {
	name?: string;
	username?: string;
	password?: string;
	all?: string;
}

const USERNAME = /^[a-z0-9._-]{1,32}$/;
const PASSWORD_MIN = 10;

function check(name: string, username: string, password: string): Errors {
	const errors: Errors = {};
	if (name.trim() === "") errors.name = t("name-missing");
	if (username === "") errors.username = t("username-missing");
	else if (!USERNAME.test(username)) errors.username = t("username-bad");
	if ([...password].length < PASSWORD_MIN) errors.password = t("password-short");
	return errors;
}

function refused(code: ErrorCode): Errors {
	switch (code) {
		case "exists":
			return { username: t("username-taken") };
		case "gone":
			return { all: t("invite-gone") };
		/* One of the most common passwords, or the username itself: only the server knows. */
		case "bad_request":
			return { password: t("password-short") };
		default:
			return { all: why(code) };
	}
}

export function JoinForm() {
	const app = useApp();
	const [name, setName] = useState("");
	const [username, setUsername] = useState("");
	const [password, setPassword] = useState("");
	const [busy, setBusy] = useState(false);
	const [errors, setErrors] = useState<Errors>({});
	const submit = async () => {
		const found = check(name, username, password);
		setErrors(found);
		if (Object.keys(found).length > 0) return;
		setBusy(true);
		const answer = await app.createAccount(name.trim(), username, password);
		setBusy(false);
		if (!answer.ok) setErrors(refused(answer.code));
	};
	return (
		<form
			class="entry-form"
			noValidate
			onSubmit={event => {
				event.preventDefault();
				if (!busy) run(submit());
			}}
		>
			<TextField
				label={t("join-name")}
				value={name}
				onInput={setName}
				autocomplete="name"
				error={errors.name ?? null}
				maxLength={64}
				required
				autofocus
			/>
			<TextField
				label={t("username")}
				value={username}
				onInput={value => setUsername(value.toLowerCase())}
				autocomplete="username"
				hint={t("username-hint")}
				error={errors.username ?? null}
				maxLength={32}
				required
				plain
			/>
			<TextField
				label={t("password")}
				type="password"
				value={password}
				onInput={setPassword}
				autocomplete="new-password"
				hint={t("password-hint")}
				error={errors.password ?? errors.all ?? null}
				required
			/>
			<Button kind="main" type="submit" wide busy={busy}>
				{t("create-account")}
			</Button>
		</form>
	);
}
