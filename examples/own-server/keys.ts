// Once, at set-up: what goes where your other secrets are, the same for every host.
import { generateSealingKey } from 'authentype/web'
import type { Application } from './core.ts'

export async function createSecrets(): Promise<Pick<Application, 'signingKeys' | 'storeKey' | 'secrets'>> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const { kty = 'EC', crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  return {
    signingKeys: [{ kty, crv, x, y, d, alg: 'ES256', kid: new Date().toISOString() }],
    storeKey: generateSealingKey(),
    secrets: {
      nonces: crypto.getRandomValues(new Uint8Array(32)),
      successors: crypto.getRandomValues(new Uint8Array(32)),
    },
  }
}
