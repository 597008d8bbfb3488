import type { AuthorizationDetail } from '../../generated/models.ts'
import { ConfigurationError } from '../errors/configuration.ts'
import { printable } from '../lib/printable.ts'
import type { Notice } from './notice.ts'

const isText = (value: unknown): boolean => typeof value === 'string'
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

/** RFC 9396 2.2: members that mean the same in every type that has them. */
const commonMembers: Readonly<Record<string, (value: unknown) => boolean>> = {
  locations: isTexts,
  actions: isTexts,
  datatypes: isTexts,
  privileges: isTexts,
  identifier: isText,
}

/** Whether a value is a list of authorization details: objects, each with a `type` (RFC 9396 2). */
export function isAuthorizationDetails(value: unknown): value is AuthorizationDetail[] {
  return Array.isArray(value) && value.every(isAuthorizationDetail)
}

/** @throws TypeError for what the application got wrong */
export function assertAuthorizationDetails(value: unknown): asserts value is AuthorizationDetail[] {
  if (!isAuthorizationDetails(value) || value.length === 0) {
    throw new TypeError('"authorizationDetails" must be a list of objects, each with a "type" (RFC 9396 2)')
  }
}

/**
 * Refuses a type that the server says it does not know; nothing is sent then.
 *
 * @throws ConfigurationError `unsupported_by_server`
 * @see RFC 9396 10
 */
export function assertDetailTypesSupported(
  metadata: { readonly authorization_details_types_supported?: readonly string[] | undefined },
  details: readonly AuthorizationDetail[],
): void {
  const field = 'authorization_details_types_supported'
  const listed = metadata[field]
  const strange = listed && details.find(({ type }) => !listed.includes(type))
  if (!strange) return
  const message = `the client asks for details of type "${strange.type}", but the server's "${field}" is [${listed.join(', ')}]`
  const facts = { field, clause: 'RFC 9396 10', expected: strange.type, actual: listed }
  throw new ConfigurationError('unsupported_by_server', message, facts)
}

/**
 * What is to be said of the details that were granted: none, or of a type that was not asked for. Their content is
 * the API's to judge; the server may have enriched it (RFC 9396 7.1).
 *
 * @see RFC 9396 7
 */
export function compareAuthorizationDetails(
  requested: readonly AuthorizationDetail[] | undefined,
  granted: readonly AuthorizationDetail[] | undefined,
): readonly Notice[] {
  const clause = 'RFC 9396 7'
  const types = (requested ?? []).map(({ type }) => type)
  if (types.length > 0 && granted === undefined) {
    const message = 'authorization details were asked for, and the token response does not say what was granted'
    return [{ code: 'authorization_details_absent', message, clause, expected: types.join(' ') }]
  }
  const added = [...new Set((granted ?? []).map(({ type }) => type))].filter((type) => !types.includes(type))
  if (added.length === 0) return []
  const actual = printable(added.join(' '))
  const message = `authorization details were granted that were not asked for: ${actual}`
  return [{ code: 'authorization_details_widened', message, clause, expected: types.join(' '), actual }]
}

function isAuthorizationDetail(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const detail = value as Readonly<Record<string, unknown>>
  if (!Object.hasOwn(detail, 'type') || !isText(detail.type)) return false
  return Object.entries(commonMembers).every(([name, fits]) => detail[name] === undefined || fits(detail[name]))
}
