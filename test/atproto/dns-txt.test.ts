import { describe, expect, it } from 'vitest'
import { systemResolveTxt } from '../../src/atproto/identity/dns-txt.ts'
import { alice } from '../support/atproto/fake-network.ts'

describe('the runtime’s own resolver', () => {
  /** What c-ares would say. */
  async function withDns<T>(
    answer: () => Promise<string[][]>,
    task: (cancelled: () => number) => Promise<T>,
  ): Promise<T> {
    const { getBuiltinModule } = process
    let cancelled = 0
    class Resolver {
      resolveTxt = answer
      cancel() {
        cancelled++
      }
    }
    process.getBuiltinModule = ((id: string) =>
      id === 'node:dns' ? { promises: { Resolver } } : getBuiltinModule(id)) as typeof getBuiltinModule
    try {
      return await task(() => cancelled)
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
  }
  const dnsError = (code: string) => Object.assign(new Error(`queryTxt ${code}`), { code })

  it('joins the strings of a record', async () => {
    const records = async () => [[`did=${alice.did.slice(0, 9)}`, alice.did.slice(9)]]
    await withDns(records, async () => {
      expect(await systemResolveTxt(1000)!(`_atproto.${alice.handle}`, {})).toEqual([`did=${alice.did}`])
    })
  })

  it.each(['ENOTFOUND', 'ENODATA'])('takes %s for no records, and nothing else', async (code) => {
    await withDns(
      () => Promise.reject(dnsError(code)),
      async () => expect(await systemResolveTxt(1000)!('_atproto.x.dev', {})).toEqual([]),
    )
    await withDns(
      () => Promise.reject(dnsError('ESERVFAIL')),
      async () => await expect(systemResolveTxt(1000)!('_atproto.x.dev', {})).rejects.toThrow('ESERVFAIL'),
    )
  })

  it('ends with its caller', async () => {
    const controller = new AbortController()
    await withDns(
      () => new Promise(() => {}),
      async (cancelled) => {
        const waiting = systemResolveTxt(1000)!('_atproto.x.dev', { signal: controller.signal })
        controller.abort(new Error('left'))
        await expect(waiting).rejects.toThrow('left')
        expect(cancelled()).toBe(1)
      },
    )
  })
})
