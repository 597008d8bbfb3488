import type { AuthorizationDetail } from '../../generated/models.ts'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { parseStrictJson } from '../lib/strict-json.ts'
import { isAuthorizationDetails } from '../protocol/authorization-details.ts'
import { clientList, type RegisteredClient } from './client.ts'
import type { PolicyContext, TokenEndpointConfig } from './config.ts'
import type { GrantContext } from './grant.ts'
import { callHost, hostList, Refusal } from './refusal.ts'

/** Characters: they go into the token, which must stay one that can be read again. */
const mostDetailsLength = 16_384

/** `authorization_details` as asked for; `undefined` where there are none. @throws Refusal invalid_authorization_details */
function readDetails(text: string | undefined): readonly AuthorizationDetail[] | undefined {
  if (text === undefined) return undefined
  if (text.length > mostDetailsLength) throw refuseDetails('details are too long')
  const json = parseStrictJson(text)
  if (!json.ok || !isAuthorizationDetails(json.value) || json.value.length === 0) {
    throw refuseDetails('malformed authorization_details')
  }
  // Members without a prototype would not survive every store's copy; plain objects do.
  return JSON.parse(JSON.stringify(json.value)) as AuthorizationDetail[]
}

/**
 * Details of which this server knows the types, and which the client registered where it registered any.
 *
 * @see RFC 9396 5, 10
 */
export function readSupportedDetails(
  config: TokenEndpointConfig,
  client: RegisteredClient,
  text: string | undefined,
): readonly AuthorizationDetail[] | undefined {
  const details = readDetails(text)
  const registered = clientList(client, 'authorization_details_types')
  const isKnown = ({ type }: AuthorizationDetail) =>
    config.authorizationDetailsTypes.includes(type) && (registered?.includes(type) ?? true)
  if (details && !details.every(isKnown)) throw refuseDetails('unknown type of details')
  return details
}

/**
 * The details of a token: those asked for at the token endpoint, each of which must be among the granted ones,
 * else all that were granted; then narrowed by the host.
 *
 * @see RFC 9396 6, 7
 */
export function readGrantedDetails(
  { config, params }: GrantContext,
  policy: PolicyContext,
  granted: readonly AuthorizationDetail[] | undefined,
): MaybePromise<readonly AuthorizationDetail[] | undefined> {
  const asked = readDetails(params.get('authorization_details'))
  const details = asked ? narrowDetails(asked, granted ?? []) : granted
  const { authorizeDetails } = config
  if (!details || !authorizeDetails) return details
  return andThen(
    callHost('authorizeDetails', () => authorizeDetails({ ...policy, details })),
    (allowed) => narrowDetails(hostList('authorizeDetails', allowed), details),
  )
}

/** RFC 9396 6: none beyond what was granted, and none more often: one payment is not two. Member order apart. */
function narrowDetails(
  asked: readonly AuthorizationDetail[],
  granted: readonly AuthorizationDetail[],
): readonly AuthorizationDetail[] {
  const left = new Map<string, number>()
  for (const one of granted.map(canonical)) left.set(one, (left.get(one) ?? 0) + 1)
  for (const one of asked.map(canonical)) {
    const count = left.get(one) ?? 0
    if (count === 0) throw refuseDetails('details beyond the grant')
    left.set(one, count - 1)
  }
  return asked
}

export function refuseDetails(reason: string): Refusal {
  return new Refusal('invalid_authorization_details', 'the authorization details are invalid or beyond the grant', {
    reason,
  })
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
