import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { systemRuntime } from '../lib/runtime.ts'
import type { ClientCertificate } from '../server/index.ts'

/** Where certificates come from, and whom they must come from to be trusted. */
export interface CertificateSource {
  /** Roots, in PEM. */
  readonly roots: readonly string[]
  /** The header field of a proxy; absent: none is believed. */
  readonly header: string | undefined
}

const mostIntermediates = 8

/** The certificate that the client showed: to the proxy, where there is one, else on this connection. */
export function readCertificate(
  message: IncomingMessage,
  { roots, header }: CertificateSource,
): ClientCertificate | undefined {
  if (header !== undefined) {
    const name = header.toLowerCase()
    const certificate = parseField(message.headers[name])
    const chain = parseChain(message.headers[`${name}-chain`])
    return certificate && describe(certificate, isTrusted(certificate, chain, roots))
  }
  const { socket } = message
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  // Without roots of ours Node would trust those of the web.
  return certificate && describe(certificate, roots.length > 0 && socket.authorized)
}

/** `:base64:` of RFC 9440 2.1, or PEM with URL escapes. */
function parseField(field: string | readonly string[] | undefined): X509Certificate | undefined {
  if (typeof field !== 'string') return undefined
  try {
    const binary = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(field)?.[1]
    return new X509Certificate(binary === undefined ? decodeURIComponent(field) : Buffer.from(binary, 'base64'))
  } catch {
    // No certificate: the client has shown none.
    return undefined
  }
}

/** RFC 9440 2.3: a list of `:base64:`, in which each certifies the one before, the first the client's own. */
function parseChain(field: string | readonly string[] | undefined): readonly X509Certificate[] {
  if (typeof field !== 'string') return []
  const chain = field.split(',', mostIntermediates).map((one) => parseField(one.trim()))
  // What is behind an unreadable one certifies nothing.
  const end = chain.indexOf(undefined)
  return chain.slice(0, end < 0 ? chain.length : end) as X509Certificate[]
}

/** Signed by a root, or by an authority that leads to one (RFC 5280 6.1.3, 6.1.4: times, names, signature, cA). */
function isTrusted(
  certificate: X509Certificate,
  [authority, ...chain]: readonly X509Certificate[],
  roots: readonly string[],
): boolean {
  const now = systemRuntime.now()
  const isCurrent = Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo)
  if (!isCurrent) return false
  if (roots.some((pem) => isIssuedBy(certificate, new X509Certificate(pem)))) return true
  return authority?.ca === true && isIssuedBy(certificate, authority) && isTrusted(authority, chain, roots)
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

function describe(certificate: X509Certificate, chainTrusted: boolean): ClientCertificate {
  const names = alternativeNames(certificate.subjectAltName ?? '')
  return {
    certificate: new Uint8Array(certificate.raw),
    chainTrusted,
    subjectDn: subjectDn(certificate.subject),
    san: { dns: names('DNS'), uri: names('URI'), ip: names('IP Address'), email: names('email') },
  }
}

/** RFC 4514 2.1: the last first. OpenSSL gives a line each, already escaped, and ` + ` within one of several values. */
function subjectDn(lines: string): string {
  return lines
    .split('\n')
    .reverse()
    .map((line) => line.replaceAll(' + ', '+'))
    .join(',')
}

/** Node writes `DNS:a.example, URI:"…"`, and what could be misread as a JSON string. */
function alternativeNames(text: string): (kind: string) => readonly string[] {
  const found = [...text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)]
  return (kind) =>
    found.flatMap(([, name, value = '']) => {
      if (name !== kind) return []
      return [value.startsWith('"') ? (JSON.parse(value) as string) : value]
    })
}
