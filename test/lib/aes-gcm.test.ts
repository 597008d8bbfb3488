// Both sides of the cipher: each opens what the other has sealed, and nothing else.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AesGcm, createAesGcm } from '../../src/lib/aes-gcm.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const key = new Uint8Array(32).fill(3)
const iv = new Uint8Array(12).fill(5)

afterEach(() => vi.restoreAllMocks())

function createThroughWebCrypto(secret = key): AesGcm {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
  const cipher = createAesGcm(secret)
  vi.restoreAllMocks()
  return cipher
}

const sides = { node: createAesGcm, webCrypto: createThroughWebCrypto }

describe.each(['node', 'webCrypto'] as const)('AES-256-GCM sealed by %s', (side) => {
  const other = side === 'node' ? 'webCrypto' : 'node'

  it.each(['', 'x', 'a text with ünïcödé', '\uFEFFand a mark'])('opens at the other side: "%s"', async (text) => {
    const sealed = await sides[side](key).encrypt(iv, text, 'context')
    expect(sealed).toHaveLength(bytes(text).length + 16)
    expect(await sides[other](key).decrypt(iv, sealed, 'context')).toBe(text)
  })

  it('opens for no other key, iv, context or text', async () => {
    const cipher = sides[side](key)
    const sealed = await cipher.encrypt(iv, 'text', 'context')
    const changed = sealed.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
    expect(await cipher.decrypt(iv, changed, 'context')).toBeUndefined()
    expect(await cipher.decrypt(iv, sealed, 'another')).toBeUndefined()
    expect(await cipher.decrypt(new Uint8Array(12), sealed, 'context')).toBeUndefined()
    expect(await cipher.decrypt(iv, sealed.subarray(0, 15), 'context')).toBeUndefined()
    expect(await sides[side](new Uint8Array(32)).decrypt(iv, sealed, 'context')).toBeUndefined()
  })
})

it('is the AES-256-GCM of the specification (NIST GCM test case 14: zero key, zero iv, one zero block)', async () => {
  const sealed = await createAesGcm(new Uint8Array(32)).encrypt(new Uint8Array(12), '\0'.repeat(16), '')
  expect(Buffer.from(sealed).toString('hex')).toBe('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919')
})
