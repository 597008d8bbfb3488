/**
 * A warm `accessTokens.get` among a thousand to a million stored tokens, beside a bare Map lookup of the same million.
 * What it costs must not depend on how many tokens there are: twice as much at the most.
 */
import type { Library } from './library.ts'
import { type Contender, measure, type Result } from './measure.ts'

const issuer = 'https://op.example'
const sizes = [1_000, 10_000, 100_000, 1_000_000] as const

export async function benchTokenLookups(library: Library): Promise<Result[]> {
  const contenders = [mapLookup(sizes[0]), mapLookup(sizes.at(-1)!)]
  for (const size of sizes) contenders.push(await managerLookup(library, size))
  return await measure('warm token of the manager', contenders)
}

/** The limit: what finding anything costs. */
function mapLookup(size: number): Contender {
  const tokens = new Map(Array.from({ length: size }, (_, i) => [`user-${i}`, { value: `token-${i}` }]))
  const next = shuffled(size)
  return {
    name: `a bare Map of ${size.toLocaleString('en')}`,
    run() {
      const i = next()
      if (tokens.get(`user-${i}`)?.value !== `token-${i}`) throw new Error('the wrong token')
    },
  }
}

async function managerLookup({ createTokenManager, createMemoryStore }: Library, size: number): Promise<Contender> {
  const store = createMemoryStore({ maxRecords: size })
  const manager = createTokenManager({ store, autoIntrospect: false })
  const exp = Math.floor(Date.now() / 1000) + 86_400
  for (let i = 0; i < size; i++) {
    const metadata = { sub: `user-${i}`, scope: 'calendar:read', exp }
    await manager.accessTokens.register(`token-${i}`, { issuer, client: 'my-app', metadata })
  }
  const next = shuffled(size)
  return {
    name: `accessTokens.get among ${size.toLocaleString('en')}`,
    async run() {
      const i = next()
      const subject = { kind: 'sub', sub: `user-${i}` } as const
      const token = await manager.accessTokens.get({ issuer, client: 'my-app', subject, scopes: 'calendar:read' })
      if (token.value !== `token-${i}`) throw new Error('the wrong token')
    },
  }
}

/** All of them, in an order without pattern, so that no cache of the processor holds the next one. */
function shuffled(size: number): () => number {
  let i = 0
  return () => {
    i = (i + 7_919_819) % size
    return i
  }
}
