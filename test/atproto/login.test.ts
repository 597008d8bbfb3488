import { expect, it } from 'vitest'
import { pds } from '../support/atproto/fake-network.ts'
import { aRig } from './rig.ts'

it('works', async () => {
  const { logIn, network } = await aRig()
  const session = await logIn()
  expect(session.subject).toBe(network.account.did)
  const answer = await session.fetch('/xrpc/com.example.ping')
  expect(answer.status).toBe(200)
  expect(answer.url).toBe(`${pds}/xrpc/com.example.ping`)
})
