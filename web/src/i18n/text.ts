/* t("key", { name }) gives the words for the reader. The catalogue is en.ftl, with more.ftl and room.ftl
 * added when they are there; its keys and arguments are checked by the compiler. */
import { FluentBundle, FluentResource } from "@fluent/bundle";
import source from "./en.ftl?raw";
import type { Messages } from "./keys.ts";

export type MessageKey = keyof Messages;
type Args<K extends MessageKey> = [Messages[K]] extends [never]
	? []
	: [args: Readonly<Record<Messages[K], string | number>>];

/* Without isolation marks: the texts are accessible names too, and those must not carry invisible characters. */
const bundle = new FluentBundle("en", { useIsolating: false });

export function addTexts(more: string): void {
	bundle.addResource(new FluentResource(more));
}

addTexts(source);

export function t<K extends MessageKey>(key: K, ...args: Args<K>): string {
	const message = bundle.getMessage(key);
	return message?.value ? bundle.formatPattern(message.value, args[0] ?? null) : key;
}
