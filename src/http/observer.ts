import { createEmitter, errorCode } from '../lib/emitter.ts'
import type { Fetch } from '../lib/fetch.ts'
import { builtinModule, type Runtime } from '../lib/runtime.ts'
import type { ClientEvent, ClientEventListener, ClientOperation } from '../protocol/client-event.ts'
import type { Notice } from '../protocol/notice.ts'
import type { Quirk } from '../protocol/quirks.ts'
import { withoutQuery } from './network-errors.ts'

/** Tells of what a client does. Without a listener it does nothing but run what it is given. */
export interface Observer {
  watch<T>(operation: ClientOperation, task: () => Promise<T>): Promise<T>
  /** A transport that tells of each request. */
  watchFetch(fetch: Fetch): Fetch
  quirk(quirk: Quirk): void
  notices(notices: readonly Notice[]): void
  /** Milliseconds by which a server's clock is ahead. */
  clockSkew(origin: string, skew: number, applied: boolean): void
}

export interface ObserverOptions {
  readonly issuer: string
  readonly runtime: Runtime
  readonly onEvent?: ClientEventListener | undefined
}

type Subject = { readonly kind: ClientOperation } | { readonly kind: 'request'; readonly method: string; url: string }

/** The part of Node's that is used. */
interface Channels {
  channel(name: string): { readonly hasSubscribers: boolean; publish(message: unknown): void }
}

const channels = builtinModule('node:diagnostics_channel') as Channels | undefined
let lastId = 0

export function createObserver({ issuer, runtime, onEvent }: ObserverOptions): Observer {
  const emit = createEmitter(onEvent)

  function isWatched(kind: ClientEvent['kind']): boolean {
    return onEvent !== undefined || channelOf(kind)?.hasSubscribers === true
  }

  function tell(event: ClientEvent): void {
    emit(event)
    const channel = channelOf(event.kind)
    if (channel?.hasSubscribers) channel.publish(event)
  }

  async function follow<T>(subject: Subject, task: () => Promise<T>, outcome: (result: T) => object): Promise<T> {
    const about = { ...subject, issuer, id: ++lastId }
    const startedAt = runtime.now()
    tell({ ...about, phase: 'start' } as ClientEvent)
    try {
      const result = await task()
      tell({ ...about, phase: 'stop', duration: runtime.now() - startedAt, ...outcome(result) } as ClientEvent)
      return result
    } catch (error) {
      tell({ ...about, phase: 'error', duration: runtime.now() - startedAt, error: errorCode(error) } as ClientEvent)
      throw error
    }
  }

  return {
    watch: (kind, task) => (isWatched(kind) ? follow({ kind }, task, () => ({})) : task()),
    watchFetch: (fetch) => (request) => {
      if (!isWatched('request')) return fetch(request)
      const { method, url } = request
      const subject = { kind: 'request', method, url: withoutQuery(url) } as const
      return follow(
        subject,
        () => fetch(request),
        ({ status }) => ({ status }),
      )
    },
    quirk: (quirk) => tell({ kind: 'quirk', issuer, quirk }),
    notices: (notices) => {
      for (const { code, clause } of notices) tell({ kind: 'notice', issuer, code, clause })
    },
    clockSkew: (origin, skew, applied) => tell({ kind: 'clock_skew', issuer, origin, skew, applied }),
  }
}

/** The result as it is, its notices told. */
export function reportNotices<T extends { readonly notices: readonly Notice[] }>(observer: Observer, result: T): T {
  observer.notices(result.notices)
  return result
}

/** Kept, as Node advises: looking one up by its name for each request costs more than asking whether anybody listens. */
const opened = new Map<ClientEvent['kind'], ReturnType<Channels['channel']>>()

function channelOf(kind: ClientEvent['kind']): ReturnType<Channels['channel']> | undefined {
  if (!channels) return undefined
  const known = opened.get(kind)
  if (known) return known
  const channel = channels.channel(`authentype:${kind}`)
  opened.set(kind, channel)
  return channel
}
