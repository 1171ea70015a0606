/* Adds the words of what is opened by hand to the catalogue: whoever shows one of them imports this. */
import source from "./more.ftl?raw";
import { addTexts, t } from "./text.ts";

addTexts(source);

export { t };
