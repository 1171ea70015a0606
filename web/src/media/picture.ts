/* A group's picture: the middle square of what was chosen, at most 256 px wide and 64 KiB. */
const SIDE = 256;
const BYTES = 65_536;
const QUALITIES = [0.86, 0.7, 0.5, 0.3];

/* null: this is no picture that the browser can read. */
export async function shrinkPicture(file: Blob): Promise<Uint8Array<ArrayBuffer> | null> {
	const picture = await createImageBitmap(file).catch(() => null);
	if (picture === null) return null;
	const canvas = square(picture);
	picture.close();
	for (const quality of QUALITIES) {
		/* A browser that cannot write WebP gives PNG instead: then JPEG. */
		const webp = await encoded(canvas, "image/webp", quality);
		const blob = webp?.type === "image/webp" ? webp : await encoded(canvas, "image/jpeg", quality);
		if (blob !== null && blob.size <= BYTES) return new Uint8Array(await blob.arrayBuffer());
	}
	return null;
}

function square(picture: ImageBitmap): HTMLCanvasElement {
	const from = Math.min(picture.width, picture.height);
	const side = Math.min(SIDE, from);
	const canvas = document.createElement("canvas");
	canvas.width = side;
	canvas.height = side;
	const paint = canvas.getContext("2d");
	if (paint !== null) {
		paint.imageSmoothingQuality = "high";
		/* JPEG has no transparency: paper instead of black. */
		paint.fillStyle = "#fff";
		paint.fillRect(0, 0, side, side);
		const x = (picture.width - from) / 2;
		const y = (picture.height - from) / 2;
		paint.drawImage(picture, x, y, from, from, 0, 0, side, side);
	}
	return canvas;
}

function encoded(canvas: HTMLCanvasElement, type: string, quality: number): Promise<Blob | null> {
	return new Promise(resolve => canvas.toBlob(resolve, type, quality));
}
