import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import shared from '../../../vitest.config.ts'

// The suite against a real personal data server: `npm run test:pds`. Its packages are installed apart, so it is no part
// of `npm test`. One file at a time: each starts a server, a directory and a browser.
export default defineConfig({
  ...shared,
  root: join(import.meta.dirname, '../../..'),
  test: {
    ...shared.test,
    include: ['test/peers/pds/*.pds.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
