import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Good proofs, each by another key that its sender has made long. Prints the bytes that stay. */
const program = `
  const { generateKeyPairSync, sign } = await import('node:crypto')
  const { verifyDpopProof } = await import(${JSON.stringify(join(root, 'src/protocol/dpop-proof-verification.ts'))})
  const url = 'https://api.example/'
  const now = Math.floor(Date.now() / 1000)
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  async function prove(i) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...publicKey.export({ format: 'jwk' }), note: String(i).padEnd(40_000, 'x') }
    const input = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk }) + '.' + encode({ jti: 'j', htm: 'GET', htu: url, iat: now })
    const signature = sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    const { fault } = await verifyDpopProof(input + '.' + signature, { method: 'GET', url, now })
    if (fault) throw new Error(fault)
  }
  await prove(-1)
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 300; i++) await prove(i)
  gc()
  process.stdout.write(String(process.memoryUsage().heapUsed - before))
`

// Whoever sends a proof needs no token for it: 300 such keys, kept with all that is in them, would be 12 MB.
it('keeps nothing of the length of keys in proofs', { timeout: 60_000 }, async () => {
  const flags = ['--expose-gc', '--conditions=authentype-source', '--import', 'tsx', '--input-type=module']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', program], { cwd: root })
  expect(Number(stdout)).toBeLessThan(4_000_000)
})
