// What needs no login page: passwords, public data, and tokens between services, which a real server signs with an
// account's own key on secp256k1 and takes from us.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeMultikey } from '../../../src/atproto/identity/multikey.ts'
import {
  createPasswordXrpcClient,
  createServiceAuthVerifier,
  createServiceAuthXrpcClient,
  createUnauthenticatedXrpcClient,
  type DidDocument,
} from '../../../src/atproto/index.ts'
import { decodeBase64url } from '../../../src/lib/base64url.ts'
import { generateSigningKey } from '../../../src/lib/signatures/node.ts'
import type { Jwk } from '../../../src/lib/signatures/types.ts'
import { failure } from '../../http/serve.ts'
import { accountHosts, type PdsRig, password, startRig } from './rig.ts'

let rig: PdsRig
beforeAll(async () => {
  rig = await startRig()
})
afterAll(async () => await rig?.close())

describe('a client without an account', () => {
  it('reads what is public, and is told what is not', async () => {
    const xrpc = createUnauthenticatedXrpcClient({ service: rig.pds.url })
    const { data } = await xrpc.get('com.atproto.server.describeServer')
    expect(data).toMatchObject({ availableUserDomains: ['.test'] })
    expect(await failure(xrpc.get('com.atproto.server.getSession'))).toMatchObject({
      error: 'AuthMissing',
      status: 401,
    })
    expect(await failure(xrpc.get('com.atproto.nothing.here'))).toMatchObject({ status: 400 })
  })
})

describe('a client with a password', () => {
  it('has an account, once a client without one has created it', async () => {
    const account = { handle: 'new-here.test', email: 'new-here@mail.example', password }
    const anybody = createUnauthenticatedXrpcClient<{
      'com.atproto.server.createAccount': { input: object; output: { did: string; handle: string } }
    }>({ service: rig.pds.url })
    const { data } = await anybody.post('com.atproto.server.createAccount', { input: account })
    expect(data.handle).toBe('new-here.test')
    expect(await failure(anybody.post('com.atproto.server.createAccount', { input: account }))).toMatchObject({
      status: 400,
      error: expect.stringMatching(/HandleNotAvailable|InvalidRequest/),
    })
    const xrpc = createPasswordXrpcClient({ service: rig.pds.url })
    expect((await xrpc.createSession({ identifier: account.email, password })).did).toBe(data.did)
  })

  it('logs in, writes, renews and logs out', async () => {
    const { handle, did } = await rig.anAccount()
    const xrpc = createPasswordXrpcClient({ service: rig.pds.url })
    const wrong = { identifier: handle, password: 'not-this-one' }
    expect(await failure(xrpc.createSession(wrong))).toMatchObject({ error: 'AuthenticationRequired', status: 401 })
    expect(await xrpc.createSession({ identifier: handle, password })).toEqual({ did, handle })
    const record = { $type: 'com.example.note', text: 'by password' }
    const input = { repo: did, collection: 'com.example.note', record }
    expect((await xrpc.post('com.atproto.repo.createRecord', { input })).status).toBe(200)
    await xrpc.refreshSession()
    expect((await xrpc.get('com.atproto.server.getSession')).data).toMatchObject({ did, handle })
    await xrpc.deleteSession()
    expect(await failure(xrpc.get('com.atproto.server.getSession'))).toMatchObject({ code: 'no_token' })
  })

  it('renews what the server refuses, once for ten calls', async () => {
    const { handle } = await rig.anAccount()
    const renewals: Response[] = []
    let isSpoiled = false
    const xrpc = createPasswordXrpcClient({
      service: rig.pds.url,
      async fetch(request) {
        const isRenewal = request.url.endsWith('refreshSession')
        // An access token that the server does not take, as after its end.
        if (isSpoiled && !isRenewal) request.headers.set('authorization', 'Bearer not.a.token')
        const response = await fetch(request)
        if (isRenewal) {
          renewals.push(response)
          isSpoiled = false
        }
        return response
      },
    })
    await xrpc.createSession({ identifier: handle, password })
    isSpoiled = true
    const call = () => xrpc.get('com.atproto.server.getSession')
    const answers = await Promise.all(Array.from({ length: 10 }, call))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(renewals.map(({ status }) => status)).toEqual([200])
  })
})

describe('a service that a PDS passes requests on to', () => {
  it('takes the tokens that the PDS signs for its accounts, each once and for its method', async () => {
    const client = rig.publicClient()
    const did = `did:web:${rig.appHost}`
    const verifier = createServiceAuthVerifier({
      // The reference server names the service in newer versions only.
      audience: [did, `${did}#example`],
      identity: client.identity,
    })
    const tokens: string[] = []
    const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
      const { url = '/', headers } = incoming
      response.setHeader('content-type', 'application/json')
      if (url === '/.well-known/did.json') return response.end(JSON.stringify(serviceDocument(did, origin)))
      const request = new Request(new URL(url, origin), { headers: { authorization: headers.authorization ?? '' } })
      tokens.push(headers.authorization?.split(' ')[1] ?? '')
      try {
        const verified = await verifier.verifyRequest(request)
        return response.end(JSON.stringify({ verified }))
      } catch (error) {
        response.statusCode = 401
        return response.end(JSON.stringify({ error: (error as { code: string }).code }))
      }
    }
    const { origin } = rig.serve((request, response) => {
      answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    const account = await rig.anAccount()
    // The login comes back to the same server, and is not looked at there.
    await rig.logIn(client, account.handle, account)
    const xrpc = await client.createXrpcClient(account.did, { proxy: `${did}#example` })
    const { data } = await xrpc.get('com.example.whoami')
    expect(data).toMatchObject({ verified: { did: account.did, lxm: 'com.example.whoami' } })

    const token = tokens.find((each) => each !== '')!
    expect(JSON.parse(Buffer.from(decodeBase64url(token.split('.')[0]!)!).toString()).alg).toBe('ES256K')
    expect(await failure(verifier.verify(token, { lxm: 'com.example.whoami' }))).toMatchObject({
      code: 'replayed_token',
    })
    expect(await failure(verifier.verify(token, { lxm: 'com.example.other' }))).toMatchObject({ code: 'lxm_mismatch' })
    const other = createServiceAuthVerifier({ audience: 'did:web:other.example', identity: client.identity })
    expect(await failure(other.verify(token, { lxm: 'com.example.whoami' }))).toMatchObject({ code: 'aud_mismatch' })
  })
})

describe.each([
  ['ES256', accountHosts[0]],
  ['ES256K', accountHosts[1]],
] as const)('a token of ours with %s', (alg, host) => {
  it('is taken by the PDS for the method that it is for', async () => {
    const key = await generateSigningKey(alg)
    const did = `did:web:${host}`
    const handle = `mover-${alg.toLowerCase()}.test`
    rig.serve((_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(accountDocument(did, handle, key.publicJwk, rig.pds.url)))
    })
    const { data: server } = await createUnauthenticatedXrpcClient<{
      'com.atproto.server.describeServer': { output: { did: string } }
    }>({ service: rig.pds.url }).get('com.atproto.server.describeServer')
    const xrpc = createServiceAuthXrpcClient<{
      'com.atproto.server.createAccount': { input: object; output: { did: string; handle: string } }
    }>({
      iss: did,
      key,
      aud: server.did,
      // The server's own DID is of this machine, and names no host that could be asked.
      identity: {
        resolveDid: async () => ({ serviceEndpoint: () => rig.pds.url }) as Partial<DidDocument> as DidDocument,
      },
      fetch,
    })
    const input = { handle, did, password, email: `${handle.replaceAll('.', '-')}@mail.example` }
    const { data } = await xrpc.post('com.atproto.server.createAccount', { input })
    expect(data).toMatchObject({ did, handle })
  })
})

function serviceDocument(did: string, origin: string) {
  const service = [{ id: `${did}#example`, type: 'Example', serviceEndpoint: origin.replace('127.0.0.1', 'localhost') }]
  return { '@context': ['https://www.w3.org/ns/did/v1'], id: did, service }
}

function accountDocument(did: string, handle: string, publicJwk: Jwk, pds: string) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    alsoKnownAs: [`at://${handle}`],
    verificationMethod: [
      { id: `${did}#atproto`, type: 'Multikey', controller: did, publicKeyMultibase: encodeMultikey(publicJwk) },
    ],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: pds }],
  }
}
