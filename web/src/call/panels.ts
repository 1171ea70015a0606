/* What opens over a call on request: its code comes with the first use. */
import { lazy } from "../ui/lazy.tsx";

const panels = () => import("./TalkPanels.tsx");

export const DevicesPanel = lazy(async () => (await panels()).DevicesPanel);
export const InfoPanel = lazy(async () => (await panels()).InfoPanel);
export const HelpPanel = lazy(async () => (await panels()).HelpPanel);
