import { signAside, signInBackground } from '#signatures'
import { andThen, type MaybePromise } from '../lib/maybe-promise.ts'
import { epochSeconds, type Runtime } from '../lib/runtime.ts'
import type { SigningKey } from '../lib/signatures/types.ts'
import { type DpopProofDraft, type DpopProofInput, draftDpopProof, signDpopProof } from '../protocol/dpop-proof.ts'

/**
 * Proofs of calls that follow each other fast. Those of one second for one method, target, token and nonce differ in
 * `jti` and signature alone, so that some can be signed ahead, while the server is busy with the call before: they are
 * what would have been made for the next call, and are thrown away when it is another, or in another second.
 *
 * @see RFC 9449 4.2
 */
export interface DpopProofSeries {
  /** A proof for this one attempt. On Node it is there at once, but for many at a time. */
  next(key: SigningKey, input: DpopProofInput, runtime: Runtime): MaybePromise<string>
  /** Signs ahead for the calls to come; to be called when a request is on its way. */
  signAhead(): void
}

interface Series {
  readonly key: SigningKey
  readonly input: DpopProofInput
  readonly target: string
  readonly second: number
  readonly runtime: Runtime
  readonly draft: MaybePromise<DpopProofDraft>
  readonly ready: string[]
  calls: number
  underway: number
}

/** So many are handed to the thread pool together: to wake it for each would cost as much as a signature. */
const mostAhead = 16
/** Of this many proofs at most one more is signed for nothing, and none for who calls less often in a second. */
const callsForOne = 8

export function createDpopProofSeries(): DpopProofSeries {
  let series: Series | undefined

  return {
    next(key, input, runtime) {
      const second = epochSeconds(runtime)
      if (!series || series.second !== second || series.key !== key || !isSame(series, input)) {
        const draft = draftDpopProof(key, input, runtime)
        series = { key, input, target: targetOf(input.url), second, runtime, draft, ready: [], calls: 0, underway: 0 }
      }
      series.calls++
      return series.ready.pop() ?? andThen(series.draft, (draft) => signDpopProof(draft, runtime, signAside))
    },
    signAhead() {
      if (!series || series.ready.length > 0 || series.underway > 0) return
      const count = Math.min(mostAhead, Math.floor(series.calls / callsForOne))
      for (let i = 0; i < count; i++) void addTo(series)
    },
  }
}

async function addTo(series: Series): Promise<void> {
  series.underway++
  try {
    const draft = series.draft instanceof Promise ? await series.draft : series.draft
    series.ready.push(await signDpopProof(draft, series.runtime, signInBackground))
  } catch {
    // Whoever needs the next proof signs it, and hears why that fails.
  } finally {
    series.underway--
  }
}

function isSame({ input, target }: Series, { method, url, accessToken, nonce, claims }: DpopProofInput): boolean {
  return (
    method === input.method &&
    accessToken === input.accessToken &&
    nonce === input.nonce &&
    claims === input.claims &&
    (url === input.url || targetOf(url) === target)
  )
}

/** What of a URL stands in a proof, or a little more. */
function targetOf(url: string): string {
  return url.split('?', 1)[0]!
}
