/* Which microphones and cameras there are. Labels are empty until one was allowed once. */
export interface InputDevices {
	readonly microphones: readonly { readonly id: string; readonly label: string }[];
	readonly cameras: readonly { readonly id: string; readonly label: string }[];
}

export async function listInputs(): Promise<InputDevices> {
	const all = await navigator.mediaDevices.enumerateDevices();
	const of = (kind: MediaDeviceKind) =>
		all
			.filter(device => device.kind === kind && device.deviceId !== "")
			.map(device => ({ id: device.deviceId, label: device.label }));
	return { microphones: of("audioinput"), cameras: of("videoinput") };
}
