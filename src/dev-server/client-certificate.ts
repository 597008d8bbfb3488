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

/** The certificate that the client showed: to the proxy, where there is one, else on this connection. */
export function readCertificate(
  message: IncomingMessage,
  { roots, header }: CertificateSource,
): ClientCertificate | undefined {
  if (header !== undefined) {
    const certificate = parseField(message.headers[header.toLowerCase()])
    return certificate && describe(certificate, isIssuedBy(certificate, roots))
  }
  const { socket } = message
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  return certificate && describe(certificate, socket.authorized)
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

/** Behind a proxy only what a root has signed itself: the chain between is not handed on. */
function isIssuedBy(certificate: X509Certificate, roots: readonly string[]): boolean {
  const now = systemRuntime.now()
  const isCurrent = Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo)
  return (
    isCurrent &&
    roots
      .map((pem) => new X509Certificate(pem))
      .some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))
  )
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
