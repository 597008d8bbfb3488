import { StoreError } from '../errors/session.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { EndpointErrorCode } from './errors.ts'
import type { ServerEvent } from './events.ts'

export interface RefusalOptions {
  /** For the event alone: a fixed text that says which rule failed. */
  readonly reason: string
  readonly headers?: Readonly<Record<string, string>>
  /** Events that go before the denial: a reuse that was found. */
  readonly events?: readonly ServerEvent[]
  /** The client that it is about, where it is a known one that was not authenticated. */
  readonly clientId?: string | undefined
  readonly cause?: unknown
}

/**
 * How a step of a request ends it. It never leaves the core: the compositions turn it into a value.
 *
 * `description` goes on the wire and is a fixed text; `reason` goes to the event.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: EndpointErrorCode
  readonly description: string
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly events: readonly ServerEvent[]
  readonly clientId: string | undefined
  constructor(error: EndpointErrorCode, description: string, options: RefusalOptions) {
    super(description, { cause: options.cause })
    this.error = error
    this.description = description
    this.reason = options.reason
    this.headers = options.headers ?? {}
    this.events = options.events ?? []
    this.clientId = options.clientId
  }
}

const grantText = 'the grant is invalid, expired, revoked, used, or was issued to another client'

/** Every failure of a grant reads the same on the wire: what exactly failed is for the owner's log alone. */
export function refuseGrant(reason: string, events: readonly ServerEvent[] = []): Refusal {
  return new Refusal('invalid_grant', grantText, { reason, events })
}

export function missing(parameter: string): Refusal {
  return new Refusal('invalid_request', `missing ${parameter}`, { reason: `missing ${parameter}` })
}

export function refuseRequest(text: string): Refusal {
  return new Refusal('invalid_request', text, { reason: text })
}

/** RFC 6749 5.2: a challenge only where the client tried the Authorization header. */
export function refuseClient(
  { realm }: { readonly realm: string },
  reason: string,
  attempted: boolean,
  clientId?: string,
): Refusal {
  const headers = attempted ? { 'www-authenticate': `Basic realm="${realm}"` } : {}
  return new Refusal('invalid_client', 'client authentication failed', { reason, headers, clientId })
}

/** Whatever was thrown, as a refusal: a store that fails is 503, everything else unplanned 500, both without detail. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof StoreError) {
    return new Refusal('temporarily_unavailable', 'the server cannot answer just now; try again later', {
      reason: `store: ${error.code}`,
      cause: error,
    })
  }
  // The message of a foreign error may hold anything, so the event shows its class; the error itself is the cause.
  const reason = error instanceof Error ? `unexpected ${error.name}` : 'unexpected value thrown'
  return new Refusal('server_error', 'the server failed; nothing is used up, try again later', { reason, cause: error })
}

/** Runs a callback of the host; what it throws is the host's fault, and named so in the event. */
export function callHost<T>(name: string, call: () => MaybePromise<T>): MaybePromise<T> {
  const fail = (error: unknown): never => {
    throw toHostFault(name, error)
  }
  try {
    const result = call()
    return result instanceof Promise ? result.catch(fail) : result
  } catch (error) {
    return fail(error)
  }
}

/** What the host gave is not of its type. */
export function refuseHost(reason: string): Refusal {
  return new Refusal('server_error', 'the server failed; nothing is used up, try again later', { reason })
}

/** Runs a callback of the host whose answer is needed at once: a promise of a no would pass for a yes. */
export function callHostAtOnce<T>(name: string, call: () => T): T {
  const result = callHost<T>(name, call)
  if (!(result instanceof Promise)) return result
  // Nobody waits for it any more, and what it may fail with would end the process.
  result.catch(() => undefined)
  throw refuseHost(`${name} gave a promise`)
}

/** A list that the host gave. A text is none: of a text every part would count as a member. */
export function hostList<T>(name: string, list: readonly T[]): readonly T[] {
  if (Array.isArray(list)) return list
  throw refuseHost(`${name} gave no list`)
}

/**
 * An object that the host gave for a token: something that JSON can say. What it cannot (a BigInt, a circle) would fail
 * where nobody could tell any more whose fault it is.
 */
export function hostObject<T extends object>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value)) return value
  throw refuseHost(`${name} gave no JSON object`)
}

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return true
  } catch {
    // Its message may hold anything.
    return false
  }
}

function toHostFault(name: string, error: unknown): Error {
  if (error instanceof Refusal || error instanceof StoreError) return error
  return new Refusal('server_error', 'the server failed; nothing is used up, try again later', {
    reason: `callback ${name} failed`,
    cause: error,
  })
}
