import type { Answerer } from './exchange.ts'
import { type Listener, type ListenOptions, listen } from './node-listener.ts'
import type { DevServerOptions } from './options.ts'

/** Where the server can be reached, once its ports are known. */
export interface Origins {
  readonly issuer: string
  readonly mtlsOrigin?: string
}

/**
 * Listens at one port, or with `tls` at two: a server that asks for certificates asks every browser, too, so clients
 * have a port of their own for them (RFC 8705 5).
 */
export async function listenAll(
  options: DevServerOptions,
  answererFor: (origins: Origins) => Promise<Answerer>,
): Promise<Listener> {
  const { port = 0, tls } = options
  const shared = listenOptions(options)
  let second: Listener | undefined
  const first = await listen(
    port,
    async (given) => {
      const issuer = options.issuer ?? `${tls ? 'https' : 'http'}://127.0.0.1:${given}`
      const { mtlsOrigin } = options
      if (!tls || options.mtls === false) {
        return answererFor({ issuer, ...(mtlsOrigin !== undefined && { mtlsOrigin }) })
      }
      let answerer: Answerer | undefined
      const start = async (mtlsPort: number) => {
        const own = `https://${new URL(issuer).hostname}:${mtlsPort}`
        answerer = await answererFor({ issuer, mtlsOrigin: mtlsOrigin ?? own })
        return answerer
      }
      second = await listen(tls.mtlsPort ?? 0, start, { ...shared, asksCertificate: true })
      return answerer!
    },
    shared,
  )
  return {
    port: first.port,
    async close() {
      await Promise.all([first.close(), second?.close()])
    },
  }
}

function listenOptions({ tls, clientCa = [], clientCertificateHeader: header }: DevServerOptions): ListenOptions {
  if (!tls && header === undefined) return {}
  const certificates = { roots: [clientCa].flat(), header }
  return { certificates, ...(tls && { tls: { key: tls.key, cert: tls.cert } }) }
}
