// Keys and secrets, made once and the same on every host. A file is enough for one; then it is your secret manager's.
import { readFile, writeFile } from 'node:fs/promises'
import { generateSealingKey } from 'authentype/web'
import type { Application } from './core.ts'

type Secrets = Pick<Application, 'signingKeys' | 'storeKey' | 'secrets'>

export async function createSecrets(): Promise<Secrets> {
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

/** What the file holds; a new one is made where there is none. */
export async function readOrCreateSecrets(file: string): Promise<Secrets> {
  const bytesAsText = (_: string, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value
  const text = JSON.stringify(await createSecrets(), bytesAsText)
  // `wx`: of two hosts that start at once, one makes it.
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  return JSON.parse(await readFile(file, 'utf8'), (_, value) =>
    typeof value?.base64 === 'string' ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
  ) as Secrets
}
