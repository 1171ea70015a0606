/* A picture in a window of its own (Picture-in-Picture), where the browser has it. */

export function canFloat(): boolean {
	return "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
}

/** Closes the window, if there is one. */
export function endFloat(): void {
	if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => {});
}
