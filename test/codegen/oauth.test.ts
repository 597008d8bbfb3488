import { describe, expect, it } from 'vitest'
import type { GenerateOptions } from '../../src/codegen/index.ts'
import { aDocument, fixture, generated } from './support/generated.ts'

const foreign = (oauth?: GenerateOptions['oauth']) =>
  generated({ document: fixture('foreign-provider.yaml'), ...(oauth !== undefined && { oauth }) })

const fields = (report: Awaited<ReturnType<typeof foreign>>['report']) =>
  Object.fromEntries(report.oauth.map(({ operation, field, by }) => [operation, `${field} by ${by}`]))

describe('OAuth operations of a document that does not name them', () => {
  it('are known by security schemes, paths and what is sent and answered', async () => {
    const { report } = await foreign()
    expect(fields(report)).toEqual({
      'POST /v2/oauth/exchange': 'token_endpoint by recognition',
      'POST /v2/oauth/par': 'pushed_authorization_request_endpoint by recognition',
      'POST /v2/oauth/introspect': 'introspection_endpoint by recognition',
      'POST /v2/oauth/revoke': 'revocation_endpoint by recognition',
      'GET /v2/oauth/userinfo': 'userinfo_endpoint by recognition',
      'GET /v2/oauth/authorize': 'authorization_endpoint by recognition',
    })
  })

  it('are corrected by the configuration, by path or operationId', async () => {
    const { report, files } = await foreign({ getSigningKeys: 'jwks_uri', 'POST /v2/oauth/par': false })
    expect(fields(report)).toMatchObject({ 'GET /v2/oauth/signing-keys': 'jwks_uri by configuration' })
    expect(fields(report)).not.toHaveProperty('POST /v2/oauth/par')
    expect(files['oauth.ts']).toContain("jwks_uri: base + '/v2/oauth/signing-keys'")
    expect(files['oauth.ts']).not.toContain('/v2/oauth/par')
  })

  it('are left alone where the configuration says so', async () => {
    const { report, files } = await foreign(false)
    expect(report.oauth).toEqual([])
    expect(files['oauth.ts']).toBeUndefined()
    expect(files['operations.ts']).not.toContain('metadataField')
  })

  it('are bound: a URL builder for the browser, client authentication, the discovered URL over the path', async () => {
    const { files } = await foreign()
    expect(files['endpoints.ts']).toMatch(/export function authorize\(api: Api, [^)]*\): URL/)
    const exchange = /exchangeOperation[\s\S]*?\n}/.exec(files['operations.ts'] ?? '')?.[0]
    expect(exchange).toContain("metadataField: 'token_endpoint'")
    expect(exchange).toContain('discover: preferDiscovered')
    expect(exchange).toContain('authorize: authorizeClient')
    expect(exchange).toContain("clientAuth: 'optional'")
    expect(exchange).not.toContain('accessToken')
  })

  it('are not guessed where two could be meant: a warning says how to choose', async () => {
    const token = {
      post: {
        requestBody: {
          content: {
            'application/x-www-form-urlencoded': { schema: { type: 'object', properties: { grant_type: {} } } },
          },
        },
        responses: {
          200: {
            description: 'd',
            content: {
              'application/json': { schema: { type: 'object', properties: { access_token: {}, token_type: {} } } },
            },
          },
        },
      },
    }
    const document = aDocument({ paths: { '/a/token': token, '/b/token': token, '/a\u001B[2J/token': token } })
    const { report } = await generated({ document })
    expect(JSON.stringify(report.warnings)).not.toContain('\\u001b')
    expect(report.oauth).toEqual([])
    expect(report.warnings).toMatchObject([{ code: 'oauth_ambiguous', line: 1 }])
    expect(report.warnings[0]?.advice).toContain("oauth: { 'POST /a/token': 'token_endpoint' }")
    const chosen = await generated({ document, oauth: { 'POST /b/token': 'token_endpoint' } })
    expect(chosen.report).toMatchObject({ warnings: [], oauth: [{ operation: 'POST /b/token' }] })
  })

  it('are not looked for under names that the document does not have', async () => {
    expect((await foreign({ nothing: 'token_endpoint' })).codes).toContain('nothing_selected')
    await expect(foreign({ exchange: 'Token Endpoint' })).rejects.toThrow(/"oauth" must name a metadata field/)
  })
})
