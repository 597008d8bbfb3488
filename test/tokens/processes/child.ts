// One of several processes over one store: asks for all wishes at once, each several times, and says what it got.
import { createTokenManager } from '../../../src/tokens/index.ts'
import { openStore, type StorePlace } from './open-store.ts'

export interface ChildTask {
  readonly place: StorePlace
  readonly issuer: string
  readonly wishes: readonly { readonly sub?: string; readonly scopes: string; readonly resource?: string }[]
  readonly times: number
}

const { place, issuer, wishes, times } = JSON.parse(process.argv[2]!) as ChildTask
const { store, lock, close } = await openStore(place)
const manager = createTokenManager({ store, lock, allowLoopbackHttp: true, autoIntrospect: false })
const client = { client_id: 'my-app', client_secret: 'a secret of some length, for a client of tests' }

process.stdout.write('ready\n')
// All processes begin when the last one is ready.
await new Promise((resolve) => process.stdin.once('data', resolve))
const tokens = await Promise.all(
  Array.from({ length: times }, () => wishes)
    .flat()
    .map(async ({ sub, ...wish }) => {
      const subject = sub === undefined ? ({ kind: 'client_credentials' } as const) : ({ kind: 'sub', sub } as const)
      const { value, scope, resource } = await manager.accessTokens.get({ issuer, client, subject, ...wish })
      return { value, scope, resource }
    }),
)
process.stdout.write(`${JSON.stringify(tokens)}\n`)
await close()
process.exit(0)
