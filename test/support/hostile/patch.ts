export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json }
export type JsonObject = Record<string, unknown>

/** What a fault may refer to: the facts of the login that is under way. */
export interface FaultContext {
  readonly issuer: string
  readonly origin: string
  readonly clientId: string
  /** Seconds since the epoch, by the provider's clock. */
  readonly now: number
  /** How many answers this endpoint has given before. */
  readonly count: number
  readonly state?: string
  readonly nonce?: string
  readonly code?: string
  readonly accessToken?: string
}

/** As a member's new value: takes the member away. */
export const absent: { readonly kind: 'absent' } = Object.freeze({ kind: 'absent' })

type Absent = typeof absent

export type PatchValue = Json | Absent | ((context: FaultContext, honest: unknown) => Json | Absent)

/** Members that take the place of the honest ones. */
export type Patch = Readonly<Record<string, PatchValue>>

export function applyPatch(honest: JsonObject, patch: Patch | undefined, context: FaultContext): JsonObject {
  const result = { ...honest }
  for (const [name, entry] of Object.entries(patch ?? {})) {
    const value = typeof entry === 'function' ? entry(context, honest[name]) : entry
    if (value === absent) delete result[name]
    else result[name] = value
  }
  return result
}
