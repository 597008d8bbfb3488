import type { AuthorizationDetail } from '../../generated/models.ts'

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

function isAuthorizationDetail(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const detail = value as Readonly<Record<string, unknown>>
  if (!Object.hasOwn(detail, 'type') || !isText(detail.type)) return false
  return Object.entries(commonMembers).every(([name, fits]) => detail[name] === undefined || fits(detail[name]))
}
