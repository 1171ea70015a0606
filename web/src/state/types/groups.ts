/* Groups: making one, changing one. What they are stands in the chats. */
import type { Result } from "../../wire/errors.ts";

export interface GroupsModel {
	/* The people, a name of 1 to 100 characters, perhaps a picture (as shrink gave it). Kept here until the server has it: without a network it
	 * resolves once there is one, and what was asked for before a reload is asked for again. */
	create(name: string, users: readonly number[], picture: Picture | null): Promise<Result<{ conv: number }>>;
	/* A file that somebody chose, as small as a group's picture has to be. "unsupported": no picture. */
	shrink(file: Blob): Promise<Result<{ picture: Picture }>>;
	setName(conv: number, name: string): Promise<Result>;
	/* null: none. */
	setPicture(conv: number, picture: Picture | null): Promise<Result>;
	add(conv: number, users: readonly number[]): Promise<Result>;
	remove(conv: number, user: number): Promise<Result>;
	setAdmin(conv: number, user: number, on: boolean): Promise<Result>;
	leave(conv: number): Promise<Result>;
}

export type Picture = Uint8Array<ArrayBuffer>;
