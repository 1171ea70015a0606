/* People, devices, settings. */
import type { ReadonlySignal } from "@preact/signals";
import type { Result } from "../../wire/errors.ts";
import type { PersonView } from "./base.ts";
import type { Speed } from "./playing.ts";

export interface InviteLink {
	readonly id: number;
	readonly uses: number;
	readonly expiresTs: number;
	readonly createdTs: number;
	readonly by: string;
}

export interface PeopleModel {
	readonly found: ReadonlySignal<readonly PersonView[]>;
	readonly finding: ReadonlySignal<boolean>;
	/* Shows results in `found`: who is known already at once, then what the server says. Never those of an older query. "" lists everybody
	 * (50). */
	find(query: string): Promise<Result>;
	/* The link to hand on. */
	invite(options?: {
		uses?: number;
		days?: number;
		admin?: boolean;
	}): Promise<Result<{ link: string; expiresTs: number }>>;
	invites(): Promise<Result<{ invites: readonly InviteLink[] }>>;
	revokeInvite(id: number): Promise<Result>;
	block(user: number): Promise<Result>;
	unblock(user: number): Promise<Result>;
}

export interface DeviceView {
	readonly id: number;
	readonly name: string;
	readonly createdTs: number;
	readonly seenTs: number;
	readonly current: boolean;
}

export interface DevicesModel {
	readonly list: ReadonlySignal<readonly DeviceView[]>;
	readonly loading: ReadonlySignal<boolean>;
	load(): Promise<Result>;
	rename(device: number, name: string): Promise<Result>;
	revoke(device: number): Promise<Result>;
}

export interface Prefs {
	readonly theme: "auto" | "light" | "dark";
	readonly contrast: "auto" | "more";
	readonly sounds: boolean;
	readonly shortcuts: boolean;
	/* Voice chats are joined muted, as the last one was. */
	readonly joinMuted: boolean;
	/* deviceId of the chosen microphone and camera; "" = the default. */
	readonly microphone: string;
	readonly camera: string;
	readonly speed: Speed;
	/* BCP 47, "" = the browser's. */
	readonly language: string;
}

export type NotifyState = "on" | "off" | "blocked" | "unsupported";

export interface SettingsModel {
	/* Of this device, kept here. */
	readonly prefs: ReadonlySignal<Prefs>;
	readonly notifications: ReadonlySignal<NotifyState>;
	readonly inputs: ReadonlySignal<{
		readonly microphones: readonly InputView[];
		readonly cameras: readonly InputView[];
	}>;
	set<K extends keyof Prefs>(name: K, value: Prefs[K]): void;
	/* Call inside a click. */
	enableNotifications(): Promise<Result>;
	disableNotifications(): void;
	loadInputs(): Promise<Result>;
	testSound(): void;
	/* Of the account, on every device. */
	setName(name: string): Promise<Result>;
	setReceipts(on: boolean): Promise<Result>;
	setHideDecline(on: boolean): Promise<Result>;
	/* By this device's clock, as quietUntil is. */
	setQuiet(untilTs: number, share: boolean): Promise<Result>;
}

export interface InputView {
	readonly id: string;
	readonly label: string;
}
