import { assertKnownOptions, assertOptions } from '../lib/options.ts'
import { normaliseResources } from '../protocol/resource-indicators.ts'
import { clientIdOf } from './connections.ts'
import type { TokenPlace } from './token-kind.ts'

const placeNames = ['issuer', 'client']

/**
 * Misuse is told before anything is looked up, asked or stored: a token under no issuer would never be found again,
 * and a misspelt member would be silently without effect.
 *
 * @param more what the call takes beside issuer and client
 * @throws TypeError
 */
export function assertPlace(place: TokenPlace, caller: string, more: readonly string[] = []): void {
  assertOptions(caller, place)
  assertKnownOptions(caller, place, [...placeNames, ...more])
  assertIssuer(place.issuer, caller)
  clientIdOf(place.client, caller)
}

/** @throws TypeError for what is no URL; whether it is one of an issuer its metadata tells (RFC 8414 2). */
export function assertIssuer(issuer: unknown, caller: string): asserts issuer is string {
  if (typeof issuer === 'string' && URL.canParse(issuer)) return
  throw new TypeError(`${caller}: "issuer" must be the issuer's identifier, a URL`)
}

/** @throws TypeError for what is not one absolute URI: a token is kept under one resource (RFC 8707 2) */
export function assertResource(resource: unknown, caller: string): void {
  if (resource === undefined) return
  if (typeof resource !== 'string') throw new TypeError(`${caller}: "resource" must be one absolute URI (RFC 8707 2)`)
  normaliseResources(resource)
}
