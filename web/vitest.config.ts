import { defineConfig } from "vitest/config";

export default defineConfig({
	root: import.meta.dirname,
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	test: {
		include: ["src/**/*.test.{ts,tsx}"],
		/* A test that needs a document says so itself: // @vitest-environment happy-dom */
		environment: "node",
		testTimeout: 5000,
		restoreMocks: true,
	},
});
