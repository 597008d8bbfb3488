import { createServer, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type GrantedToken,
  protectExpress,
  protectFastify,
  protectHono,
  protectNode,
  type WithAccessToken,
} from '../../src/resource/index.ts'
import { toRequestHead } from '../../src/resource/node-request.ts'
import { anAccessToken, aRequest, aResource, url } from './rig.ts'

const dpopNonce = { secret: new Uint8Array(32).fill(7) }

async function listen(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('protectNode', () => {
  it('calls the handler for good requests only, over HTTP, and hands it the token', async () => {
    const { resource } = await aResource({ scope: 'notes:read' })
    const seen: GrantedToken[] = []
    const origin = await listen(
      protectNode(resource, (_request, response, token) => {
        seen.push(token)
        response.end('notes')
      }),
    )
    const refusal = await fetch(`${origin}/notes`)
    expect(refusal.status).toBe(401)
    expect(refusal.headers.get('www-authenticate')).toMatch(/^Bearer scope="notes:read", DPoP scope=/)
    expect(seen).toEqual([])
    const answer = await fetch(`${origin}/notes`, { headers: { authorization: `Bearer ${anAccessToken()}` } })
    expect(await answer.text()).toBe('notes')
    expect(seen[0]?.scopes).toContain('notes:read')
  })

  it('holds a proof against the URL of the request, and gives a newer nonce with the success', async () => {
    const rig = await aResource({ dpopNonce })
    const origin = await listen(protectNode(rig.resource, (_request, response) => response.end('ok')))
    const token = anAccessToken({ cnf: { jkt: rig.key.thumbprint }, exp: Math.floor(rig.clock.now() / 1000) + 900 })
    const call = async (nonce?: string) => {
      const proof = await rig.prove(token, { url: `${origin}/notes?page=2`, ...(nonce !== undefined && { nonce }) })
      return fetch(`${origin}/notes?page=2`, { headers: { authorization: `DPoP ${token}`, dpop: proof } })
    }
    const asked = await call()
    expect(asked.status).toBe(401)
    const nonce = asked.headers.get('dpop-nonce')!
    expect((await call(nonce)).status).toBe(200)
    rig.clock.advance(300_000)
    const later = await call(nonce)
    expect(later.status).toBe(200)
    expect(later.headers.get('dpop-nonce')).not.toBe(nonce)
  })

  it('sees a field that comes twice, though Node keeps only the first Authorization', async () => {
    const { resource } = await aResource()
    const origin = await listen(protectNode(resource, (_request, response) => response.end('ok')))
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const bearer = `Bearer ${anAccessToken()}`
      const headers = ['Host', new URL(origin).host, 'Authorization', bearer, 'Authorization', bearer]
      sendRequest(`${origin}/notes`, { headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(400)
  })

  it('takes a proof for its own path alone, and no token in a query, whatever the Host field holds', async () => {
    const rig = await aResource({ origin: 'https://api.example' })
    const origin = await listen(protectNode(rig.resource, (_request, response) => response.end('ok')))
    const token = anAccessToken({ cnf: { jkt: rig.key.thumbprint } })
    const statusOf = async (path: string, provenPath: string) => {
      const dpop = await rig.prove(token, { url: `https://api.example${provenPath}` })
      const headers = { host: 'no/host', authorization: `DPoP ${token}`, dpop }
      return await new Promise<number | undefined>((resolve, reject) => {
        sendRequest(origin + path, { headers }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end()
      })
    }
    expect(await statusOf('/notes', '/notes')).toBe(200)
    expect(await statusOf('/notes', '/')).toBe(401)
    expect(await statusOf(`/notes?access_token=${token}`, '/notes')).toBe(400)
  })

  it('answers 500 to what the program throws, and says so, where a rejection would end the process', async () => {
    const { resource } = await aResource()
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    const broken = new Error('broken')
    const failing = await listen(protectNode(resource, () => Promise.reject(broken), { onError }))
    const mistaken = await listen(protectNode(resource, () => {}, { onError, certificate: () => 'none' }))
    const late = await listen(
      protectNode(
        resource,
        async (_request, response) => {
          response.write('half of it')
          throw broken
        },
        { onError },
      ),
    )
    const headers = { authorization: `Bearer ${anAccessToken()}` }
    expect((await fetch(failing, { headers })).status).toBe(500)
    expect((await fetch(mistaken, { headers })).status).toBe(500)
    await expect(fetch(late, { headers }).then((answer) => answer.text())).rejects.toThrow()
    expect(errors).toEqual([broken, expect.any(TypeError), broken])
  })

  it('takes the certificate from where it is told', async () => {
    const { resource } = await aResource({ mtls: 'required' })
    const asked: unknown[] = []
    const certificate = (request: { readonly url?: string | undefined }) => {
      asked.push(request.url)
      return undefined
    }
    const origin = await listen(protectNode(resource, (_request, response) => response.end('ok'), { certificate }))
    const answer = await fetch(`${origin}/notes`, { headers: { authorization: `Bearer ${anAccessToken()}` } })
    expect(answer.status).toBe(401)
    expect(asked).toEqual(['/notes'])
  })
})

describe('toRequestHead', () => {
  const head = (url: string, more: object = {}) =>
    toRequestHead({ method: 'GET', url, rawHeaders: ['Host', 'api.example'], socket: {}, ...more })

  it('has the URL as the client knows it, whatever a router has cut', () => {
    expect(head('/notes?a=1').url).toBe('http://api.example/notes?a=1')
    expect(head('/1', { originalUrl: '/notes/1', socket: { encrypted: true } }).url).toBe('https://api.example/notes/1')
    expect(head('//evil.example/notes').url).toBe('http://api.example//evil.example/notes')
  })

  it('has the host of HTTP/2, too', () => {
    expect(head('/notes', { rawHeaders: [':authority', 'two.example', 'a', 'b'] }).url).toBe('http://two.example/notes')
  })

  it.each([
    [{ rawHeaders: [] }, '/notes?a=1'],
    [{ rawHeaders: ['Accept', 'text/plain'] }, '/notes?a=1'],
    [{ rawHeaders: ['Host', 'a b'] }, '/notes?a=1'],
    [{ rawHeaders: ['Host', 'a.example/x?'] }, '/notes?a=1'],
    [{ url: '*' }, '/*'],
    [{ url: 'mailto:x' }, '/mailto:x'],
  ])('has no host for %j, but the path and query all the same', (more, path) => {
    expect(head('/notes?a=1', more).url).toBe(`http://host.invalid${path}`)
  })
})

describe('protectExpress', () => {
  const native = (authorization?: string, more: object = {}) => ({
    method: 'POST',
    url: '/',
    originalUrl: '/notes',
    rawHeaders: ['Host', 'api.example', ...(authorization === undefined ? [] : ['Authorization', authorization])],
    socket: {},
    ...more,
  })

  it('puts the token on the request and goes on, or answers', async () => {
    const { resource } = await aResource()
    const request: ReturnType<typeof native> & WithAccessToken = native(`Bearer ${anAccessToken()}`)
    const response = aNodeResponse()
    let went = 0
    await protectExpress(resource)(request, response, () => went++)
    expect({ went, ended: response.ended }).toEqual({ went: 1, ended: false })
    expect(request.accessToken?.principal.kind).toBe('user')
    await protectExpress(resource, { scope: 'notes:write' })(request, response, () => went++)
    expect({ went, ended: response.ended, status: response.statusCode }).toEqual({ went: 1, ended: true, status: 403 })
    expect(response.fields['www-authenticate']).toContain('insufficient_scope')
  })

  it.each([
    ['application/x-www-form-urlencoded; charset=utf-8', 400],
    // A member of that name is the API's own: a token of another service to keep, for example.
    ['application/json', 200],
  ])('sees a token in a form that was parsed already, and no other body: %s', async (type, status) => {
    const { resource } = await aResource()
    const response = aNodeResponse()
    const raw = native(`Bearer ${anAccessToken()}`)
    raw.rawHeaders.push('Content-Type', type)
    const body = { access_token: 'x' }
    await protectExpress(resource)({ ...raw, body }, response, () => {})
    expect(response.statusCode).toBe(status)
    const reply = aFastifyReply()
    await protectFastify(resource)({ raw, body }, reply)
    expect(reply.sent.status).toBe(status)
  })

  it('hands a mistake of the program to Express', async () => {
    const { resource } = await aResource()
    const errors: unknown[] = []
    const next = (error?: unknown) => errors.push(error)
    await protectExpress(resource, { certificate: () => 'none' })(native(), aNodeResponse(), next)
    expect(errors[0]).toBeInstanceOf(TypeError)
  })
})

describe('protectFastify', () => {
  it('puts the token on the request, or answers and says so by returning the reply', async () => {
    const { resource } = await aResource()
    const raw = { method: 'GET', url: '/notes', socket: {}, rawHeaders: ['Host', 'api.example'] }
    const request: { raw: typeof raw } & WithAccessToken = {
      raw: { ...raw, rawHeaders: [...raw.rawHeaders, 'Authorization', `Bearer ${anAccessToken()}`] },
    }
    const reply = aFastifyReply()
    expect(await protectFastify(resource)(request, reply)).toBeUndefined()
    expect(request.accessToken?.issuer).toBeDefined()
    expect(await protectFastify(resource)({ raw }, reply)).toBe(reply)
    expect(reply.sent).toMatchObject({ status: 401, fields: { 'cache-control': 'no-store' } })
    expect(reply.sent.fields['www-authenticate']).toMatch(/^Bearer/)
  })
})

describe('protectHono', () => {
  it('sets the token on the context and goes on, or answers', async () => {
    const rig = await aResource({ dpopNonce })
    const token = anAccessToken({ cnf: { jkt: rig.key.thumbprint }, exp: Math.floor(rig.clock.now() / 1000) + 900 })
    const run = async (proof: string) => {
      const values = new Map<string, unknown>()
      const fields: Record<string, string> = {}
      const context = {
        req: { raw: aRequest(`DPoP ${token}`, proof) },
        set: (key: string, value: unknown) => void values.set(key, value),
        header: (name: string, value: string) => {
          fields[name] = value
        },
      }
      const response = await protectHono(rig.resource)(context, async () => {})
      return { response, fields, values }
    }
    const { response, values } = await run(await rig.prove(token))
    expect(response?.status).toBe(401)
    expect(values.size).toBe(0)
    const nonce = response!.headers.get('dpop-nonce')!
    rig.clock.advance(300_000)
    const good = await run(await rig.prove(token, { nonce, url }))
    expect(good.response).toBeUndefined()
    expect(good.values.get('accessToken')).toMatchObject({ binding: 'dpop' })
    expect(good.fields['dpop-nonce']).toMatch(/^[\w-]{43}$/)
  })
})

function aNodeResponse() {
  const fields: Record<string, string | readonly string[]> = {}
  return {
    statusCode: 200,
    ended: false,
    fields,
    setHeader(name: string, value: string | readonly string[]) {
      fields[name] = value
    },
    end() {
      this.ended = true
    },
  }
}

function aFastifyReply() {
  const sent = { status: 200, fields: {} as Record<string, string>, count: 0 }
  return {
    sent,
    code: (status: number) => {
      sent.status = status
    },
    header: (name: string, value: string) => {
      sent.fields[name] = value
    },
    send: () => {
      sent.count++
    },
  }
}
