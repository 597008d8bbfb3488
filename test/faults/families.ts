import { randomBytes } from 'node:crypto'

/** What the token endpoint gives for a login or a refresh. */
export interface TokenAnswer {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
}

/** An access token with its times, in milliseconds since the epoch. */
export interface IssuedToken {
  readonly issuedAt: number
  readonly expiresAt: number
  lastUsedAt?: number
  /** The last use that was refused for its age. */
  refusedAt?: number
}

/** One refresh token and the access tokens that came with it; a server with a grace window may give several. */
export interface Generation {
  readonly refreshToken: string
  readonly tokens: IssuedToken[]
  rotatedAt?: number
}

/** All tokens of one login, and what was done with them. */
export interface Family {
  readonly name: string
  readonly generations: Generation[]
  /** Refresh requests that came, whatever became of them. */
  attempts: number
  /** Refresh tokens that came again after they had been used. */
  reuses: number
  ended?: 'reuse' | 'revoked'
}

export interface Families {
  readonly all: readonly Family[]
  find(name: string): Family
  ofRefreshToken(refreshToken: string): Family | undefined
  login(name: string): TokenAnswer
  /** Rotates, or gives the same successor again within the grace window; `undefined`: invalid_grant. */
  refresh(refreshToken: string): TokenAnswer | undefined
  /** The family of an access token that is good now. */
  use(accessToken: string): Family | undefined
}

export interface FamiliesOptions {
  /** Milliseconds. */
  readonly accessTokenLife: number
  /** Milliseconds for which a used refresh token gives the same successor; 0: its reuse ends the family. */
  readonly grace: number
}

/** The authorization server's own memory. It forgets nothing, so that each run can be judged from it. */
export function createFamilies({ accessTokenLife, grace }: FamiliesOptions): Families {
  const families = new Map<string, Family>()
  const byRefreshToken = new Map<string, { family: Family; position: number }>()
  const byAccessToken = new Map<string, { family: Family; token: IssuedToken }>()

  function addGeneration(family: Family): Generation {
    const refreshToken = `refresh.${randomBytes(18).toString('base64url')}`
    const generation: Generation = { refreshToken, tokens: [] }
    byRefreshToken.set(refreshToken, { family, position: family.generations.push(generation) - 1 })
    return generation
  }

  function answer(family: Family, generation: Generation): TokenAnswer {
    const value = `access.${randomBytes(18).toString('base64url')}`
    const issuedAt = Date.now()
    const token: IssuedToken = { issuedAt, expiresAt: issuedAt + accessTokenLife }
    generation.tokens.push(token)
    byAccessToken.set(value, { family, token })
    return {
      access_token: value,
      refresh_token: generation.refreshToken,
      token_type: 'Bearer',
      expires_in: accessTokenLife / 1000,
      scope: 'notes',
    }
  }

  return {
    get all() {
      return [...families.values()]
    },
    find: (name) => families.get(name)!,
    ofRefreshToken: (refreshToken) => byRefreshToken.get(refreshToken)?.family,
    login(name) {
      const family: Family = { name, generations: [], attempts: 0, reuses: 0 }
      families.set(name, family)
      return answer(family, addGeneration(family))
    },
    refresh(refreshToken) {
      const found = byRefreshToken.get(refreshToken)
      if (!found || found.family.ended) return undefined
      const { family, position } = found
      const generation = family.generations[position]!
      if (generation.rotatedAt === undefined) {
        generation.rotatedAt = Date.now()
        return answer(family, addGeneration(family))
      }
      family.reuses++
      const successor = family.generations[position + 1]!
      if (successor.rotatedAt === undefined && Date.now() - generation.rotatedAt < grace)
        return answer(family, successor)
      // RFC 9700 4.14.2: whoever is the thief, the login is over, its access tokens included.
      family.ended = 'reuse'
      return undefined
    },
    use(accessToken) {
      const found = byAccessToken.get(accessToken)
      if (!found || found.family.ended === 'reuse') return undefined
      const now = Date.now()
      if (found.token.expiresAt <= now) {
        found.token.refusedAt = now
        return undefined
      }
      found.token.lastUsedAt = now
      return found.family
    },
  }
}
