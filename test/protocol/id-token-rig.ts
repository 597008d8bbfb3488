import { expect } from 'vitest'
import { IdTokenError, type TokenCheck } from '../../src/errors/protocol.ts'
import { type IdTokenExpectations, judgeIdToken } from '../../src/protocol/id-token.ts'
import { createKeyring } from '../../src/protocol/jwks.ts'
import { createFakeRuntime } from '../support/fake-runtime.ts'
import {
  anIdToken,
  clientId,
  everyAsymmetricAlgorithm,
  type IdTokenParts,
  issuer,
  issuerKeys,
} from '../support/id-token.ts'

export interface IdTokenSetup extends Partial<IdTokenExpectations> {
  readonly serverAlgs?: readonly string[] | undefined
  readonly keys?: { keys: unknown[] }
}

/** Judged as an honest issuer's, unless `setup` says otherwise. */
export const judge = (
  token: string,
  { serverAlgs = everyAsymmetricAlgorithm, keys, ...expectations }: IdTokenSetup = {},
) => {
  const keyring = createKeyring(keys ?? issuerKeys())
  return judgeIdToken(
    token,
    { issuer, clientId, nonce: 'n-1', ...expectations },
    { signingAlgs: () => serverAlgs, selectKeys: (query) => keyring.select(query), runtime: createFakeRuntime() },
  )
}

/** The error of one that is not to be believed, which names the check that failed, and it alone. */
export const refusal = async (token: string, setup: IdTokenSetup = {}) => {
  const error = await judge(token, setup).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(IdTokenError)
  const failed = error as IdTokenError
  expect(failed.code).toBe('invalid_id_token')
  expect(failed.message).toMatch(/^id_token .*\(.+\)$/)
  expect(failed.checks.at(-1)).toMatchObject({ name: failed.check, outcome: 'failed', clause: failed.clause })
  expect(failed.checks.slice(0, -1).every(({ outcome }) => outcome !== 'failed')).toBe(true)
  return failed
}

/** The name of the check that fails. */
export const check = async (claims: Record<string, unknown>, setup: IdTokenSetup = {}, parts: IdTokenParts = {}) =>
  (await refusal(anIdToken(claims, parts), setup)).check

export const outcomes = (checks: readonly TokenCheck[]) =>
  Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]))
