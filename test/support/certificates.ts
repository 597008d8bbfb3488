// X.509 for mutual TLS, made by the openssl command for this run: a root, a server certificate, client certificates.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Fetch } from '../../src/lib/fetch.ts'

export interface Certificate {
  /** PEM */
  readonly key: string
  /** PEM */
  readonly cert: string
}

export interface Certificates {
  /** PEM of the root that server and client certificates come from. */
  readonly ca: string
  readonly server: Certificate
  readonly client: Certificate
  /** Signed by itself alone. */
  readonly selfSigned: Certificate
  /** PEM of an authority that the root has signed. */
  readonly intermediate: string
  /** Signed by the intermediate authority. */
  readonly chained: Certificate
  /** Signed by the client, which is no authority. */
  readonly byClient: Certificate
}

/** @param serverNames what the server's certificate is for, as openssl writes it */
export function makeCertificates(clientName: string, serverNames = 'IP:127.0.0.1'): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'authentype-x509-'))
  const path = (name: string) => join(folder, name)
  const read = (name: string) => readFileSync(path(name), 'utf8')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2']
  const selfSigned = (name: string, ...more: string[]) => {
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, ...more)
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
  }
  const signed = (name: string, extension: string, authority = 'root') => {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(path('extensions'), extension)
    const from = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial']
    const by = [...from, '-days', '2', '-extfile', 'extensions']
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`)
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
  }
  try {
    const { cert: ca } = selfSigned('root')
    return {
      ca,
      server: signed('server', `subjectAltName=${serverNames}`),
      client: signed('client', `subjectAltName=DNS:${clientName}`),
      selfSigned: selfSigned('self'),
      intermediate: signed('intermediate', 'basicConstraints=critical,CA:true').cert,
      chained: signed('chained', `subjectAltName=DNS:${clientName}`, 'intermediate'),
      byClient: signed('chained', `subjectAltName=DNS:${clientName}`, 'client'),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A fetch that brings a certificate wherever it goes over TLS; plain http goes the usual way. */
export function fetchWithCertificate(ca: string, certificate?: Certificate): Fetch {
  return async (request) => {
    if (new URL(request.url).protocol === 'http:') return fetch(request)
    const body = Buffer.from(await request.arrayBuffer())
    return await new Promise<Response>((resolve, reject) => {
      const { method } = request
      const headers = Object.fromEntries(request.headers)
      const outgoing = httpsRequest(request.url, { method, headers, ca, agent: false, ...certificate }, (incoming) => {
        const pairs = Object.entries(incoming.headers).flatMap(([name, value]) =>
          [value ?? []].flat().map((one): [string, string] => [name, one]),
        )
        const status = incoming.statusCode ?? 0
        const hasBody = ![204, 205, 304].includes(status)
        const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream) : null
        if (!hasBody) incoming.resume()
        resolve(new Response(body, { status, headers: pairs }))
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }
}
