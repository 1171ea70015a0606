import { ShieldAlert, ShieldCheck } from "lucide";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { InputView } from "../state/types/settings.ts";
import type { TalkModel, TalkView, Trust } from "../state/types/talk.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { useId } from "../ui/useId.ts";
import type { Panel } from "./TalkBar.tsx";
import "./talkPanels.css";

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
					.filter(option => option.id !== "" && option.id !== "default")
					.map(option => (
						<option key={option.id} value={option.id}>
							{option.label}
						</option>
					))}
			</select>
		</div>
	);
}

/* What both kinds of call have. */
export type Devices = Pick<TalkModel, "level" | "outputs" | "can" | "loadOutputs" | "setOutput">;

function Meter({ of }: { of: Devices }) {
	const level = Math.min(1, Math.sqrt(of.level.value));
	return (
		<div
			class="talk-meter"
			role="meter"
			aria-label={t("level")}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuenow={Math.round(level * 100)}
		>
			<span style={{ scale: `${level.toFixed(2)} 1` }} />
		</div>
	);
}

/** Microphone with what it hears now, camera, and where the platform has a choice, the speaker. */
export function DevicesPanel({ of: talk }: { of: Devices }) {
	const { settings } = useApp();
	useEffect(() => {
		run(settings.loadInputs());
		run(talk.loadOutputs());
	}, [settings, talk]);
	const { microphones, cameras } = settings.inputs.value;
	const prefs = settings.prefs.value;
	const outputs = talk.outputs.value;
	return (
		<div class="talk-devices">
			<Pick
				label={t("microphone")}
				value={prefs.microphone}
				options={microphones}
				onPick={id => settings.set("microphone", id)}
			/>
			<Meter of={talk} />
			<Pick
				label={t("camera")}
				value={prefs.camera}
				options={cameras}
				onPick={id => settings.set("camera", id)}
			/>
			{talk.can.value.output && (
				<Pick
					label={t("speaker")}
					value={outputs.chosen}
					options={outputs.list}
					onPick={id => run(talk.setOutput(id))}
				/>
			)}
		</div>
	);
}

function trustText(trust: Trust, name: string): string {
	switch (trust) {
		case "checking":
			return t("safety-wait");
		case "verified":
			return t("safety-verified", { name });
		case "new":
			return t("safety-new", { name });
		case "changed":
			return t("safety-changed", { name });
		case "unverified":
			return t("safety-unverified");
	}
}

function InfoPanel({ view }: { view: TalkView }) {
	const { talk } = useApp();
	const { name } = view.person;
	const doubt = view.trust === "changed" || view.trust === "unverified";
	return (
		<div class="talk-info">
			<p class="talk-trust" data-warn={doubt || undefined}>
				<Icon of={doubt ? ShieldAlert : ShieldCheck} />
				{trustText(view.trust, name)}
			</p>
			{view.safetyCode && (
				<>
					<h3>{t("safety-code")}</h3>
					<p class="safety-code">
						{view.safetyCode.split(" ").map((group, i) => (
							<span key={`${i}${group}`}>{group} </span>
						))}
					</p>
					<p class="talk-help">{t("safety-help", { name })}</p>
				</>
			)}
			{view.trust === "changed" && <Button onClick={() => talk.confirmKey()}>{t("safety-match")}</Button>}
		</div>
	);
}

export function HelpPanel({ more = [] }: { more?: readonly [string, string][] }) {
	const rows: [string, string][] = [
		["M", t("keys-mute")],
		["V", t("keys-camera")],
		...more,
		[t("key-space"), t("keys-through")],
		[t("key-escape"), t("keys-minimise")],
		["?", t("keys-help")],
	];
	return (
		<dl class="talk-keys">
			{rows.map(([key, what]) => (
				<div key={key}>
					<dt>
						<kbd>{key}</kbd>
					</dt>
					<dd>{what}</dd>
				</div>
			))}
		</dl>
	);
}

type Shown = Exclude<Panel, "add">;

function panelTitle(panel: Shown): string {
	switch (panel) {
		case "devices":
			return t("call-devices");
		case "info":
			return t("call-details");
		case "help":
			return t("call-shortcuts");
	}
}

/** What is opened over a call between two. */
export function TalkPanel({ panel, view, onClose }: { panel: Shown; view: TalkView; onClose: () => void }) {
	const { talk } = useApp();
	return (
		<Portal>
			<Dialog title={panelTitle(panel)} closeLabel={t("close")} onClose={onClose}>
				{panel === "devices" && <DevicesPanel of={talk} />}
				{panel === "info" && <InfoPanel view={view} />}
				{panel === "help" && <HelpPanel />}
			</Dialog>
		</Portal>
	);
}
