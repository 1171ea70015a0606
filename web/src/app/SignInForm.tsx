import { useState } from "preact/hooks";
import { why } from "../i18n/errors.ts";
import { t } from "../i18n/moreText.ts";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";
import { TextField } from "../ui/TextField.tsx";

export function SignInForm() {
	const app = useApp();
	const [username, setUsername] = useState("");
	const [password, setPassword] = useState("");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const submit = async () => {
		setBusy(true);
		setError(null);
		const answer = await app.signIn(username.trim().toLowerCase(), password);
		setBusy(false);
		if (answer.ok) return;
		const wrong = answer.code === "unauthorized" || answer.code === "bad_request";
		setError(wrong ? t("sign-in-wrong") : why(answer.code));
	};
	return (
		<form
			class="entry-form"
			onSubmit={event => {
				event.preventDefault();
				if (!busy) run(submit());
			}}
		>
			<TextField
				label={t("username")}
				name="username"
				value={username}
				onInput={setUsername}
				autocomplete="username"
				required
				plain
			/>
			<TextField
				label={t("password")}
				name="password"
				type="password"
				value={password}
				onInput={setPassword}
				autocomplete="current-password"
				error={error}
				required
			/>
			<Button kind="main" type="submit" wide busy={busy}>
				{t("sign-in")}
			</Button>
		</form>
	);
}
