import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '#signatures'
import type { RecordChange } from '../../src/lib/record-store.ts'
import { issueAuthorizationCode } from '../../src/server/index.ts'
import { createMemoryStore } from '../../src/stores/memory/index.ts'
import {
  claimsOf,
  codeParams,
  createClock,
  createRig,
  issuer,
  redirectUri,
  refreshParams,
  refusalOf,
  storeMethods,
  tokensOf,
} from './rig.ts'

describe('authorization_code', () => {
  it('gives an access token, an id_token and a refresh token, and the granted scope', async () => {
    const rig = await createRig()
    const outcome = await rig.token(codeParams(await rig.code({ nonce: 'n', authTime: 1_700_000_000, sid: 's' })))
    const tokens = tokensOf(outcome)
    expect(tokens.token_type).toBe('Bearer')
    expect(tokens.expires_in).toBe(900)
    expect(tokens.scope).toBe('openid offline_access read write')
    const access = claimsOf(tokens.access_token)
    expect(access).toMatchObject({ iss: issuer, sub: 'alice', aud: issuer, client_id: 'web', auth_time: 1_700_000_000 })
    expect(atob(String(access.jti).replaceAll('-', '+').replaceAll('_', '/'))).toHaveLength(16)
    const id = claimsOf(tokens.id_token)
    expect(id).toMatchObject({ iss: issuer, sub: 'alice', aud: 'web', azp: 'web', nonce: 'n', sid: 's' })
    expect(id.at_hash).toBeTypeOf('string')
    expect(id.c_hash).toBeTypeOf('string')
    expect(outcome.events.map((event) => event.name)).toEqual(['token_issued', 'refresh_issued'])
  })

  it('puts no-store on every answer, errors included', async () => {
    const rig = await createRig()
    const good = await rig.token(codeParams(await rig.code()))
    const bad = await rig.token(codeParams('nonsense'))
    expect(good.ok && good.headers['cache-control']).toBe('no-store')
    expect(!bad.ok && bad.error.headers['cache-control']).toBe('no-store')
  })

  it('stores codes, refresh tokens and opaque access tokens by their hash only', async () => {
    const written: string[] = []
    const clock = createClock()
    const store = createMemoryStore({ runtime: clock })
    const spy = {
      ...storeMethods(store),
      commit: (changes: readonly RecordChange[]) => {
        written.push(JSON.stringify(changes))
        return store.commit(changes)
      },
    }
    const rig = await createRig({ accessTokens: { format: 'opaque' }, runtime: clock }, spy)
    const code = await rig.code()
    const tokens = tokensOf(await rig.token(codeParams(code)))
    for (const secret of [code, tokens.refresh_token!, tokens.access_token!]) {
      expect(written.join('')).not.toContain(secret.split('.')[1])
    }
  })

  it('revokes the whole family when a code is used twice, and says invalid_grant', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const tokens = tokensOf(await rig.token(codeParams(code)))
    const again = await rig.token(codeParams(code))
    expect(refusalOf(again)).toBe('invalid_grant: code used before')
    expect(again.events.map((event) => event.name)).toEqual(['code_reuse_detected', 'token_denied'])
    expect(refusalOf(await rig.token(refreshParams(tokens.refresh_token)))).toBe('invalid_grant: family revoked')
  })

  it('revokes the family even when the code is shown again long after it expired', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const tokens = tokensOf(await rig.token(codeParams(code)))
    rig.clock.advance(86_400)
    expect(refusalOf(await rig.token(codeParams(code)))).toBe('invalid_grant: code used before')
    expect(refusalOf(await rig.token(refreshParams(tokens.refresh_token)))).toBe('invalid_grant: family revoked')
  })

  it('leaves a code that another client shows to its owner', async () => {
    const rig = await createRig()
    const code = await rig.code()
    expect(refusalOf(await rig.token(codeParams(code), { client: 'other' }))).toBe(
      'invalid_grant: code of another client',
    )
    const tokens = tokensOf(await rig.token(codeParams(code)))
    expect(refusalOf(await rig.token(codeParams(code), { client: 'other' }))).toBe(
      'invalid_grant: code of another client',
    )
    expect(tokensOf(await rig.token(refreshParams(tokens.refresh_token)))).toBeDefined()
  })

  it('lets a code live 60 seconds, and less where its issuer asked for less, never more', async () => {
    const rig = await createRig()
    const [plain, short, long] = [await rig.code(), await rig.code({ lifetime: 10 }), await rig.code({ lifetime: 600 })]
    rig.clock.advance(10)
    expect(refusalOf(await rig.token(codeParams(short)))).toBe('invalid_grant: code expired')
    rig.clock.advance(50)
    expect(refusalOf(await rig.token(codeParams(plain)))).toBe('invalid_grant: code expired')
    expect(refusalOf(await rig.token(codeParams(long)))).toBe('invalid_grant: code expired')
  })

  it('says which parameter is missing', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const { code_verifier: _, ...withoutVerifier } = codeParams(code)
    expect(refusalOf(await rig.token({ grant_type: 'authorization_code' }))).toBe('invalid_request: missing code')
    expect(refusalOf(await rig.token(withoutVerifier))).toBe('invalid_request: missing code_verifier')
    expect(tokensOf(await rig.token(codeParams(code)))).toBeDefined()
  })

  it('needs no redirect_uri where PKCE was used, and compares one that is sent exactly', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const { redirect_uri: _, ...without } = codeParams(code)
    expect(refusalOf(await rig.token({ ...without, redirect_uri: `${redirectUri}/` }))).toBe(
      'invalid_grant: another redirect_uri',
    )
    expect(tokensOf(await rig.token(without))).toBeDefined()
  })

  it('requires redirect_uri where PKCE was not used', async () => {
    const rig = await createRig({ pkceRequired: false })
    const made = await issueAuthorizationCode(rig.config, {
      clientId: 'web',
      redirectUri,
      subject: 'alice',
      scope: ['read'],
    })
    const code = made.ok ? made.code : ''
    const base = { grant_type: 'authorization_code', code }
    expect(refusalOf(await rig.token(base))).toBe('invalid_request: missing redirect_uri')
    expect(refusalOf(await rig.token({ ...codeParams(code) }))).toBe('invalid_grant: verifier without a challenge')
    expect(tokensOf(await rig.token({ ...base, redirect_uri: redirectUri }))).toBeDefined()
  })

  it('refuses another verifier and a malformed one without using the code up', async () => {
    const rig = await createRig()
    const code = await rig.code()
    for (const wrong of ['w'.repeat(43), 'short']) {
      const outcome = await rig.token({ ...codeParams(code), code_verifier: wrong })
      expect(refusalOf(outcome)).toMatch(/^invalid_grant: (another|malformed) verifier$/)
    }
    expect(tokensOf(await rig.token(codeParams(code)))).toBeDefined()
  })

  it('gives every failure of a grant the same text', async () => {
    const rig = await createRig()
    const code = await rig.code()
    const outcomes = [
      await rig.token(codeParams('nonsense')),
      await rig.token({ ...codeParams(code), redirect_uri: 'https://app.example/elsewhere' }),
      await rig.token(codeParams(code), { client: 'other' }),
    ]
    const texts = outcomes.map((outcome) => (outcome.ok ? '' : outcome.error.errorDescription))
    expect(new Set(texts).size).toBe(1)
  })

  it('keeps resources within those of the code', async () => {
    const rig = await createRig({ resources: ['https://a.example', 'https://b.example', 'https://c.example'] })
    const resources = ['https://a.example', 'https://b.example']
    const one = await rig.token({ ...codeParams(await rig.code({ resources })), resource: 'https://a.example' })
    expect(claimsOf(tokensOf(one).access_token).aud).toBe('https://a.example')
    const all = await rig.token(codeParams(await rig.code({ resources })))
    expect(claimsOf(tokensOf(all).access_token).aud).toEqual(resources)
    const doubled = await rig.token({
      ...codeParams(await rig.code({ resources })),
      resource: ['https://a.example', 'https://a.example'],
    })
    expect(claimsOf(tokensOf(doubled).access_token).aud).toBe('https://a.example')
    const beyond = await rig.token({ ...codeParams(await rig.code({ resources })), resource: 'https://c.example' })
    expect(refusalOf(beyond)).toBe('invalid_target: resource beyond the grant')
  })

  it.each(['', 'relative', 'https://a.example/#part'])('says invalid_target for resource=%s', async (resource) => {
    const rig = await createRig()
    expect(refusalOf(await rig.token({ ...codeParams(await rig.code()), resource }))).toMatch(/^invalid_target/)
  })

  it('binds an unbound code to the key of a proof', async () => {
    const rig = await createRig()
    const tokens = tokensOf(await rig.token(codeParams(await rig.code()), { dpop: await rig.proof() }))
    expect(tokens.token_type).toBe('DPoP')
    expect(claimsOf(tokens.access_token).cnf).toEqual({ jkt: rig.key.thumbprint })
  })

  it('redeems a code that is bound to a key only with a proof of that key', async () => {
    const rig = await createRig()
    const code = await rig.code({ dpopJkt: rig.key.thumbprint })
    const stranger = await generateSigningKey('ES256')
    expect(refusalOf(await rig.token(codeParams(code)))).toBe('invalid_request: missing DPoP proof')
    expect(refusalOf(await rig.token(codeParams(code), { dpop: await rig.proof(stranger) }))).toBe(
      'invalid_grant: another DPoP key',
    )
    expect(tokensOf(await rig.token(codeParams(code), { dpop: await rig.proof() })).token_type).toBe('DPoP')
  })

  it('reports the missing key of a bound code to a public client that shows no proof', async () => {
    const rig = await createRig()
    const code = await rig.code({ clientId: 'spa', dpopJkt: rig.key.thumbprint })
    expect(refusalOf(await rig.token(codeParams(code), { client: 'spa' }))).toBe('invalid_request: missing DPoP proof')
  })

  it('does not let a replayed proof use a code up', async () => {
    const rig = await createRig()
    const dpop = await rig.proof()
    tokensOf(await rig.token(codeParams(await rig.code()), { dpop }))
    const code = await rig.code()
    expect(refusalOf(await rig.token(codeParams(code), { dpop }))).toBe('invalid_dpop_proof: replayed dpop_proof')
    expect(tokensOf(await rig.token(codeParams(code), { dpop: await rig.proof() }))).toBeDefined()
  })

  it('does not let a bogus grant of a public client fill the replay store', async () => {
    const rig = await createRig()
    const dpop = await rig.proof()
    const bogus = { ...codeParams(await rig.code({ clientId: 'spa' })), code: `ac_${'a'.repeat(22)}.${'b'.repeat(43)}` }
    expect(refusalOf(await rig.token(bogus, { client: 'spa', dpop }))).toBe('invalid_grant: unknown code')
    const code = await rig.code({ clientId: 'spa' })
    expect(tokensOf(await rig.token(codeParams(code), { client: 'spa', dpop }))).toBeDefined()
  })

  it('refuses the code of a user who is gone, and keeps the code', async () => {
    const rig = await createRig()
    const outcome = await rig.token(codeParams(await rig.code({ subject: 'gone' })))
    expect(refusalOf(outcome)).toBe('invalid_grant: no such principal')
  })

  it('answers a failing policy with server_error and status 500, and uses nothing up', async () => {
    let fails = true
    const rig = await createRig({
      authorizeScope: ({ scope }) => {
        if (fails) throw new Error('secret detail')
        return scope
      },
    })
    const code = await rig.code()
    const outcome = await rig.token(codeParams(code))
    expect(refusalOf(outcome)).toBe('server_error: callback authorizeScope failed')
    expect(!outcome.ok && outcome.error.status).toBe(500)
    expect(JSON.stringify(outcome)).not.toContain('secret detail')
    expect(outcome.events.at(-1)?.cause).toMatchObject({ message: 'secret detail' })
    fails = false
    expect(tokensOf(await rig.token(codeParams(code)))).toBeDefined()
  })

  it('lets the scope policy narrow and never widen or replace', async () => {
    const rig = await createRig({ authorizeScope: () => ['read', 'admin'] })
    expect(tokensOf(await rig.token(codeParams(await rig.code()))).scope).toBe('read')
    const replaced = await createRig({ authorizeScope: () => ['admin'] })
    expect(refusalOf(await replaced.token(codeParams(await replaced.code())))).toMatch(/^invalid_scope/)
  })

  it.each([
    ['a text', 'readonly writeonly'],
    ['nothing', undefined],
  ])('takes %s from the scope policy for no list of scopes', async (_, answer) => {
    const rig = await createRig({ authorizeScope: () => answer as never })
    const outcome = await rig.token(codeParams(await rig.code()))
    expect(refusalOf(outcome)).toBe('server_error: authorizeScope gave no list')
  })

  it('takes a text for no list of a client’s resources', async () => {
    const rig = await createRig({ clientResources: () => 'https://api.example/readonly' as never })
    const code = await rig.code()
    const asked = { ...codeParams(code), resource: 'https://api.example/read' }
    expect(refusalOf(await rig.token(asked))).toMatch(/^(invalid_target|server_error)/)
    const own = { grant_type: 'client_credentials', resource: 'https://api.example/read' }
    expect(refusalOf(await rig.token(own))).toBe('server_error: clientResources gave no list')
  })

  it('gives no refresh token without offline_access, unless policy says so', async () => {
    const rig = await createRig()
    expect(tokensOf(await rig.token(codeParams(await rig.code({ scope: ['read'] })))).refresh_token).toBeUndefined()
    const always = await createRig({ issueRefreshToken: () => true })
    expect(tokensOf(await always.token(codeParams(await always.code({ scope: ['read'] })))).refresh_token).toBeDefined()
    const never = await createRig({ issueRefreshToken: () => false })
    expect(tokensOf(await never.token(codeParams(await never.code()))).refresh_token).toBeUndefined()
  })

  it('still fails closed on a code used twice where there are no refresh tokens', async () => {
    const rig = await createRig({ refreshTokens: { enabled: false } })
    const code = await rig.code()
    tokensOf(await rig.token(codeParams(code)))
    expect(refusalOf(await rig.token(codeParams(code)))).toBe('invalid_grant: code used before')
  })

  it('freezes what it is given: each malformed field of a code is an error of its own', async () => {
    const rig = await createRig()
    const good = { clientId: 'web', redirectUri, subject: 'a', scope: ['read'], codeChallenge: 'c'.repeat(43) }
    const faults = {
      invalid_client_id: { clientId: '' },
      invalid_redirect_uri: { redirectUri: 'https://a.example/#f' },
      invalid_subject: { subject: '' },
      invalid_scope: { scope: ['two words'] },
      invalid_code_challenge: { codeChallenge: 'plain' },
      invalid_resources: { resources: ['relative'] },
      invalid_auth_time: { authTime: 99_999_999_999 },
      invalid_dpop_jkt: { dpopJkt: 'short' },
      invalid_lifetime: { lifetime: 0 },
      invalid_authorization_details: { authorizationDetails: [{}] as never },
    }
    for (const [fault, wrong] of Object.entries(faults)) {
      expect(await issueAuthorizationCode(rig.config, { ...good, ...wrong })).toEqual({ ok: false, fault })
    }
    const { codeChallenge: _, ...without } = good
    expect(await issueAuthorizationCode(rig.config, without)).toEqual({ ok: false, fault: 'missing_code_challenge' })
  })
})
