import type { TokenManager } from '../../src/tokens/index.ts'
import { alice, place } from './rig.ts'

/** Where a token of alice is looked for. */
export const read = { ...place, subject: alice, scopes: ['read'] } as const

export const kinds = ['accessTokens', 'refreshTokens'] as const

/** `token_type_hint` of each. */
export const hints = { accessTokens: 'access_token', refreshTokens: 'refresh_token' } as const

/** What the manager knows of a token without asking anybody. */
export async function known(manager: TokenManager, kind: (typeof kinds)[number], token: string) {
  return await manager[kind].introspect(token, place, { minIntrospectInterval: Number.POSITIVE_INFINITY })
}
