/* Addresses inside the client: what notifications and links open. */
export function chatPath(conv: number): string {
	return `/c/${conv}`;
}

export function chatOfPath(path: string): number | null {
	const match = /^\/c\/([1-9][0-9]{0,15})$/.exec(path);
	return match?.[1] === undefined ? null : Number(match[1]);
}
