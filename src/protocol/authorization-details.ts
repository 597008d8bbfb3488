/** One thing that is asked for or granted in detail; `type` says what further members there are (RFC 9396 2). */
export interface AuthorizationDetail {
  readonly type: string
  readonly [member: string]: unknown
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
  return Object.hasOwn(value, 'type') && typeof (value as { type: unknown }).type === 'string'
}
