import { useEffect } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { InputView } from "../state/types/settings.ts";
import { run, useApp } from "../ui/model.ts";
import { useId } from "../ui/useId.ts";

interface PickProps {
	label: string;
	value: string;
	options: readonly InputView[];
	onPick: (id: string) => void;
}

function Pick({ label, value, options, onPick }: PickProps) {
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<select id={id} value={value} onChange={event => onPick(event.currentTarget.value)}>
				<option value="">{t("input-default")}</option>
				{options
					.filter(option => option.id !== "")
					.map(option => (
						<option key={option.id} value={option.id}>
							{option.label}
						</option>
					))}
			</select>
		</div>
	);
}

export function Inputs() {
	const { settings } = useApp();
	useEffect(() => run(settings.loadInputs()), [settings]);
	const { microphones, cameras } = settings.inputs.value;
	const prefs = settings.prefs.value;
	return (
		<section class="card" aria-labelledby="you-inputs">
			<h2 id="you-inputs">{t("inputs")}</h2>
			<Pick
				label={t("microphone")}
				value={prefs.microphone}
				options={microphones}
				onPick={id => settings.set("microphone", id)}
			/>
			<Pick
				label={t("camera")}
				value={prefs.camera}
				options={cameras}
				onPick={id => settings.set("camera", id)}
			/>
		</section>
	);
}
