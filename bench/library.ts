/**
 * The library as users run it. Through tsx it would be slower than it is: tsx has esbuild keep function names,
 * which puts a call of Object.defineProperty on every closure.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { nodeBundle } from '../scripts/support/bundle.ts'

const entry = `
export { generateSigningKey, importSigningKey } from '#signatures'
export { createOAuthClient } from './src/client/index.ts'
export { verifyIdToken } from './src/issuer/verify-id-token.ts'
export { systemRuntime } from './src/lib/runtime.ts'
export { createDpopProof } from './src/protocol/dpop-proof.ts'
export { createSessions } from './src/sessions/index.ts'
export { createMemoryStore } from './src/stores/memory/index.ts'
export { createTokenManager } from './src/tokens/index.ts'
`

export interface Library {
  readonly generateSigningKey: typeof import('#signatures').generateSigningKey
  readonly importSigningKey: typeof import('#signatures').importSigningKey
  readonly createOAuthClient: typeof import('../src/client/index.ts').createOAuthClient
  readonly createSessions: typeof import('../src/sessions/index.ts').createSessions
  readonly createMemoryStore: typeof import('../src/stores/memory/index.ts').createMemoryStore
  readonly createTokenManager: typeof import('../src/tokens/index.ts').createTokenManager
  readonly verifyIdToken: typeof import('../src/issuer/verify-id-token.ts').verifyIdToken
  readonly systemRuntime: import('../src/lib/runtime.ts').Runtime
  readonly createDpopProof: typeof import('../src/protocol/dpop-proof.ts').createDpopProof
}

export async function compileLibrary(): Promise<Library> {
  const folder = await mkdtemp(join(tmpdir(), 'authentype-bench-'))
  const outfile = join(folder, 'library.mjs')
  try {
    const stdin = { contents: entry, resolveDir: fileURLToPath(new URL('..', import.meta.url)), loader: 'ts' } as const
    await build({ ...nodeBundle, stdin, outfile })
    return (await import(pathToFileURL(outfile).href)) as Library
  } finally {
    await rm(folder, { recursive: true })
  }
}
