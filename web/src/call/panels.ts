/* What opens over a room as over a call: its code comes with the first use. */
import { lazy } from "../ui/lazy.tsx";

const panels = () => import("./TalkPanels.tsx");

export const DevicesPanel = lazy(async () => (await panels()).DevicesPanel);
export const HelpPanel = lazy(async () => (await panels()).HelpPanel);
