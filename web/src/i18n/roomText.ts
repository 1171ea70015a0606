/* Adds the words of group calls to the catalogue: whoever shows one of them imports this. */
import source from "./room.ftl?raw";
import { addTexts, t } from "./text.ts";

addTexts(source);

export { t };
