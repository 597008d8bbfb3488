import { defineConfig } from 'vitest/config'

// `authentype-source` makes `#signatures` resolve to the source, so that tests need no build.
const conditions = ['authentype-source', 'node', 'module']

export default defineConfig({
  // Examples import the package by its name, as their reader would.
  resolve: { conditions, tsconfigPaths: true },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup/generated-keys.ts', 'test/setup/property-runs.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default'] : ['dot'],
  },
})
