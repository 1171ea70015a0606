import { ArrowLeft, ArrowUp } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";

export function DeclineWords({ call, onBack }: { call: string; onBack: () => void }) {
	const { calls } = useApp();
	const [own, setOwn] = useState("");
	const say = (text: string) => run(calls.decline(call, text));
	const ready = [t("decline-quick-later"), t("decline-quick-text"), t("decline-quick-busy")];
	return (
		<div class="decline-words" data-enter>
			{ready.map(text => (
				<button type="button" key={text} onClick={() => say(text)}>
					{text}
				</button>
			))}
			<form
				onSubmit={event => {
					event.preventDefault();
					if (own.trim() !== "") say(own.trim());
				}}
			>
				<IconButton icon={ArrowLeft} label={t("back")} mirror onClick={onBack} />
				<input
					type="text"
					dir="auto"
					aria-label={t("decline-own")}
					placeholder={t("decline-own")}
					value={own}
					onInput={event => setOwn(event.currentTarget.value)}
				/>
				<IconButton
					icon={ArrowUp}
					label={t("send")}
					type="submit"
					kind="solid"
					disabled={own.trim() === ""}
				/>
			</form>
		</div>
	);
}
