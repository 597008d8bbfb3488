import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { readCertificate } from '../../src/dev-server/client-certificate.ts'
import { makeCertificates } from '../support/certificates.ts'

it('trusts no authority of the web where no root was given, though Node does', () => {
  const { ca, client } = makeCertificates('app.example')
  // A connection whose certificate Node found to come from one of the roots that it knows.
  const socket = Object.assign(Object.create(TLSSocket.prototype), {
    authorized: true,
    getPeerX509Certificate: () => new X509Certificate(client.cert),
  })
  const message = { socket, headers: {} } as IncomingMessage
  const isTrusted = (roots: readonly string[]) => readCertificate(message, { roots, header: undefined })?.chainTrusted
  expect(isTrusted([ca])).toBe(true)
  expect(isTrusted([])).toBe(false)
})
