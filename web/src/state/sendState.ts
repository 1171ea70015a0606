import type { SendState } from "./types/thread.ts";

export function chooseSendState(seq: number, theirRead: number, theirDelivered: number): SendState {
	if (seq <= theirRead) return "read";
	return seq <= theirDelivered ? "delivered" : "sent";
}
