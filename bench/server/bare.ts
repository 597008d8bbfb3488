// The limit: a node:http handler that does the cryptography of a token endpoint and next to nothing else. It parses
// the form, compares the secret, hashes what is presented and what is issued, seals the successor for the grace, signs,
// and keeps what a server must find again in plain maps.
import {
  createCipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { clientId, clientSecret, type Job, jobOf, loginScope, serveBench } from './contenders.ts'

const job: Job = jobOf()
const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const sealKey = randomBytes(32)
const secretBytes = Buffer.from(clientSecret)
const accessTokens = new Map<string, object>()
const refreshTokens = new Map<string, { family: string; usedAt?: number; sealed?: string }>()
const header = Buffer.from(JSON.stringify({ typ: 'at+jwt', alg: 'ES256', kid: 'bench' })).toString('base64url')

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')
const random = (bytes: number) => randomBytes(bytes).toString('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

function signJwt(claims: object): string {
  const data = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${data}.${signature.toString('base64url')}`
}

function issueAccessToken(subject: string, scope: string): string {
  const now = seconds()
  const claims = { iss: issuer, sub: subject, aud: issuer, exp: now + 900, iat: now, jti: random(16) }
  if (job === 'client_credentials, ES256 JWT') return signJwt({ ...claims, client_id: clientId, scope })
  const token = random(32)
  accessTokens.set(hash(token), { ...claims, scope })
  return token
}

function seal(text: string, context: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealKey, iv).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${iv.toString('base64url')}.${sealed.toString('base64url')}`
}

function createRefreshToken(family: string): string {
  const token = random(48)
  refreshTokens.set(hash(token), { family })
  return token
}

function rotate(presented: string): string | undefined {
  const hashed = hash(presented)
  const known = refreshTokens.get(hashed)
  if (!known || known.usedAt !== undefined) return undefined
  const successor = createRefreshToken(known.family)
  refreshTokens.set(hashed, { ...known, usedAt: seconds(), sealed: seal(successor, hashed) })
  return successor
}

function isClient(authorization = ''): boolean {
  const text = Buffer.from(authorization.slice('Basic '.length), 'base64').toString()
  const colon = text.indexOf(':')
  const secret = Buffer.from(decodeURIComponent(text.slice(colon + 1)))
  return (
    decodeURIComponent(text.slice(0, colon)) === clientId &&
    secret.length === secretBytes.length &&
    timingSafeEqual(secret, secretBytes)
  )
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  const fields = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' }
  response.writeHead(status, { ...fields, 'content-length': text.length }).end(text)
}

function issue(response: ServerResponse, form: URLSearchParams): void {
  if (form.get('grant_type') === 'client_credentials') {
    const scope = form.get('scope') ?? ''
    const token = issueAccessToken(clientId, scope)
    answer(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 900, scope })
    return
  }
  const successor = rotate(form.get('refresh_token') ?? '')
  if (successor === undefined) {
    answer(response, 400, { error: 'invalid_grant' })
    return
  }
  const token = issueAccessToken('alice', loginScope)
  const scope = form.get('scope') ?? loginScope
  answer(response, 200, {
    ...{ access_token: token, token_type: 'Bearer', expires_in: 900, scope, refresh_token: successor },
  })
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (!isClient(request.headers.authorization)) {
      answer(response, 401, { error: 'invalid_client' })
      return
    }
    issue(response, new URLSearchParams(Buffer.concat(chunks).toString()))
  })
})
let issuer = ''
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  issuer = `http://127.0.0.1:${port}`
  serveBench({ port, refreshTokens: Array.from({ length: 20 }, () => createRefreshToken(random(16))) })
})
