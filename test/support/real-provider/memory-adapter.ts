import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What one provider holds; each has its own, so that two providers in one process share nothing. */
export type ProviderRecords = Map<string, { readonly payload: AdapterPayload; readonly expiresAt: number }>

/** oidc-provider's storage port over a Map. Its own memory adapter prints a warning that nobody needs in a test. */
export function memoryAdapter(records: ProviderRecords): (model: string) => Adapter {
  return (model) => {
    const live = (key: string) => {
      const record = records.get(key)
      return record && record.expiresAt > Date.now() ? record.payload : undefined
    }
    const findBy = async (member: 'uid' | 'userCode', value: string) => {
      for (const key of records.keys()) {
        if (key.startsWith(`${model}:`) && live(key)?.[member] === value) return live(key)
      }
      return undefined
    }
    return {
      async upsert(id, payload, expiresIn) {
        records.set(`${model}:${id}`, { payload, expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity })
      },
      find: async (id) => live(`${model}:${id}`),
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (userCode) => findBy('userCode', userCode),
      async consume(id) {
        const payload = live(`${model}:${id}`)
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        records.delete(`${model}:${id}`)
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of records) {
          if (payload.grantId === grantId && !key.startsWith('Grant:')) records.delete(key)
        }
      },
    }
  }
}
