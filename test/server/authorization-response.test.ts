import { describe, expect, it } from 'vitest'
import { buildAuthorizationResponse } from '../../src/server/index.ts'
import { accept, startAuthorization } from './authorization-rig.ts'
import { claimsOf, issuer } from './rig.ts'

describe('buildAuthorizationResponse', () => {
  const target = { redirectUri: 'https://app.example/cb?x=1', redirectUriSent: true, state: 's t' }
  const client = { clientId: 'web', metadata: {} }

  it('adds code, state and iss to the query, the fragment or a form', async () => {
    const { config } = await startAuthorization()
    const build = (responseMode: 'query' | 'fragment' | 'form_post') =>
      buildAuthorizationResponse(config, client, { ...target, responseMode }, { code: 'c' })
    const iss = encodeURIComponent(issuer)
    expect(await build('query')).toEqual({
      kind: 'redirect',
      url: `https://app.example/cb?x=1&code=c&state=s+t&iss=${iss}`,
    })
    expect(await build('fragment')).toEqual({
      kind: 'redirect',
      url: `https://app.example/cb?x=1#code=c&state=s+t&iss=${iss}`,
    })
    expect(await build('form_post')).toEqual({
      kind: 'form_post',
      redirectUri: target.redirectUri,
      fields: { code: 'c', state: 's t', iss: issuer },
    })
  })

  it('signs it where a JWT was asked for, errors too', async () => {
    const rig = await startAuthorization()
    const { responseMode } = await accept(rig, { response_mode: 'jwt' })
    expect(responseMode).toBe('query.jwt')
    const reply = await buildAuthorizationResponse(
      rig.config,
      client,
      { ...target, responseMode },
      { error: 'access_denied' },
    )
    const url = new URL(reply.kind === 'redirect' ? reply.url : '')
    expect([...url.searchParams.keys()]).toEqual(['x', 'response'])
    expect(claimsOf(url.searchParams.get('response')!)).toMatchObject({
      error: 'access_denied',
      state: 's t',
      iss: issuer,
      aud: 'web',
    })
  })
})
