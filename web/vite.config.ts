import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.AFTERTONE ?? "http://localhost:8080";

/* The service worker keeps the shell for offline starts. What the shell consists of is known only after the build, so the list is
 * written into the finished sw.js, with a version that changes exactly when one of the files does. Data (names of emoji) is fetched by who
 * looks at it. */
function precache(): Plugin {
	let outDir = "";
	return {
		name: "aftertone-precache",
		apply: "build",
		configResolved(config) {
			outDir = config.build.outDir;
		},
		writeBundle() {
			const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
				.filter(entry => entry.isFile() && entry.name !== "sw.js" && !/\.(map|json)$/.test(entry.name))
				.map(entry => join(entry.parentPath, entry.name).slice(outDir.length + 1))
				.sort();
			const hash = createHash("sha256");
			for (const file of files) hash.update(file).update(readFileSync(join(outDir, file)));
			const shell = { version: hash.digest("hex").slice(0, 16), files: files.map(file => `/${file}`) };
			const sw = join(outDir, "sw.js");
			const code = readFileSync(sw, "utf8");
			if (!code.includes("__SHELL__")) throw new Error("sw.js has no place for its list of files");
			writeFileSync(
				sw,
				code.replace("__SHELL__", () => JSON.stringify(shell)),
			);
		},
	};
}

export default defineConfig({
	root: import.meta.dirname,
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	plugins: [precache()],
	build: {
		outDir: join(import.meta.dirname, "dist"),
		emptyOutDir: true,
		/* From here on light-dark() is the browser's own: made of variables it would be settled at the root, and a dark room in a light theme
		 * would get the colours of paper. */
		target: ["chrome123", "firefox128", "safari17.5"],
		/* The content security policy allows neither inline scripts nor inline styles. */
		modulePreload: { polyfill: false },
		assetsInlineLimit: 0,
		cssCodeSplit: true,
		rollupOptions: {
			input: {
				index: join(import.meta.dirname, "index.html"),
				sw: join(import.meta.dirname, "src/sw/sw.ts"),
			},
			output: {
				entryFileNames: chunk => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
				chunkFileNames: "assets/[name]-[hash].js",
				assetFileNames: "assets/[name]-[hash][extname]",
				/* What every screen needs, in one file: it is compressed better than in seven. */
				codeSplitting: {
					groups: [
						{
							name: "base",
							test: /node_modules\/(preact|@preact|@fluent)\/|src\/(ui\/(Icon|IconButton|modal|model|lazy|Portal|Dialog|Button|Avatar)\.tsx?|i18n\/(text|format))/,
						},
					],
				},
			},
		},
	},
	server: {
		port: 5173,
		proxy: {
			"/api": { target: SERVER, headers: { origin: SERVER } },
			"/ws": { target: SERVER.replace("http", "ws"), ws: true, headers: { origin: SERVER } },
			"/media": SERVER,
			"/rec": SERVER,
		},
	},
});
