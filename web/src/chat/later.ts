/* Panels that are opened by hand: their code comes after the first screen. */
import { lazy } from "../ui/lazy.tsx";

export const ChatInfo = lazy(async () => (await import("./ChatInfo.tsx")).ChatInfo);
export const GroupInfo = lazy(async () => (await import("./GroupInfo.tsx")).GroupInfo);
