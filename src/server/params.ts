import { refuseRequest } from './refusal.ts'

/** Parameters as they came: a form or a query, or an object of the same. */
export type RawParams = URLSearchParams | Readonly<Record<string, string | readonly string[] | undefined>>

/** Parameters that were read by the rules: one value a name, but for those that may repeat. */
export interface RequestParams {
  /** The value, or `undefined` where it is absent or empty (RFC 6749 3.2). */
  get(name: string): string | undefined
  /** All values of `resource` or `audience`, which may repeat (RFC 8693 2.1, RFC 8707 2). */
  all(name: 'resource' | 'audience'): readonly string[]
  readonly names: readonly string[]
}

const repeatable: readonly string[] = ['resource', 'audience']

/**
 * Refuses repeated parameters. An empty value means absent, but for `resource=`, which is no absolute URI.
 *
 * @see RFC 6749 3.1, 3.2; RFC 8707 2
 */
export function readParams(raw: RawParams): RequestParams {
  const values = new Map<string, string[]>()
  eachParam(raw, (value, name) => {
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    // RFC 6749 3.2: request parameters must not be included more than once.
    else if (!repeatable.includes(name)) throw refuseRequest('a parameter is repeated')
    else known.push(value)
  })
  return {
    get: (name) => values.get(name)?.[0] || undefined,
    // Left in for `resource`, whose reader refuses it.
    all: (name) => (values.get(name) ?? []).filter((value) => value !== '' || name === 'resource'),
    names: [...values.keys()],
  }
}

function eachParam(raw: RawParams, use: (value: string, name: string) => void): void {
  if (raw instanceof URLSearchParams) {
    raw.forEach(use)
    return
  }
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value === 'string') use(value, name)
    else if (Array.isArray(value)) for (const one of value) use(textOf(one), name)
    else if (value !== undefined) textOf(value)
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw refuseRequest('a parameter is not a string')
  return value
}

/** A required parameter. */
export function requireParam(params: RequestParams, name: string): string {
  const value = params.get(name)
  if (value === undefined) throw refuseRequest(`missing ${name}`)
  return value
}
