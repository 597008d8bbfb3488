import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import type { EncryptionFault } from './faults.ts'
import { absent, type JsonObject } from './patch.ts'

/** A JWE by dir with A128GCM, honest but for the fault; the key is made of the secret (OpenID Connect Core 10.2). */
export function encryptTo(secret: string, token: string, fault: EncryptionFault = {}): string {
  if (fault.plain) return token
  const header: JsonObject = { alg: 'dir', enc: 'A128GCM', cty: 'JWT' }
  for (const [name, value] of Object.entries(fault.header ?? {})) {
    if (value === absent) delete header[name]
    else header[name] = value
  }
  const key = createHash('sha256')
    .update(fault.stranger ? 'of somebody else' : secret)
    .digest()
    .subarray(0, 16)
  const head = Buffer.from(JSON.stringify(header)).toString('base64url')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-128-gcm', key, iv).setAAD(Buffer.from(head))
  const text = Buffer.concat([cipher.update(fault.content?.(token) ?? token), cipher.final()])
  const parts = [head, '', ...[iv, text, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'))]
  return fault.compact?.(parts.join('.')) ?? parts.join('.')
}
