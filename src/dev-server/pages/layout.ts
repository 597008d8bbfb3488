import { type Html, html } from '../../lib/html.ts'
import { hashSource, renderHtmlDocument } from '../../lib/html-document.ts'
import { noStore } from '../../server/index.ts'
import type { DevAnswer } from '../exchange.ts'
import { style } from './style.ts'

/** What pages are about that no client has asked for. */
export const about = 'Authentype dev server'

export interface Page {
  readonly title: string
  /** The client, or the server itself. */
  readonly about: string
  readonly body: Html
  /** Something went wrong. @default false */
  readonly bad?: boolean
  /** @default 200 */
  readonly status?: number
  /** Where forms may lead beside this server: Chromium holds the redirects after a form to it, too. */
  readonly formTarget?: string
  /** The whole script of the page, which works without it. @default none */
  readonly script?: string
  readonly cookies?: readonly string[]
  /** What it shows in frames. @default none */
  readonly frames?: readonly string[]
}

/** A whole page as an answer, under a policy by which nothing else is loaded, run or framed. */
export async function page(input: Page): Promise<DevAnswer> {
  const { cookies = [], status = 200 } = input
  const headers = {
    ...noStore,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': await policy(input),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // With `no-referrer` a browser would send `Origin: null` with the page's own forms.
    'referrer-policy': 'same-origin',
  }
  return { status, headers, cookies, body: documentOf(input) }
}

function documentOf({ title, about, body, bad = false, script }: Page): string {
  const main = html`<main${bad && { markup: ' class="bad"' }}>
<p class="app"><span class="mark" aria-hidden="true">${initialOf(about)}</span><bdi>${about}</bdi></p>
<h1>${title}</h1>
${body}
</main>
<p class="note">A development server of Authentype: for development and tests, never for real users.</p>
${script !== undefined && html`<script>${{ markup: script }}</script>`}`
  return renderHtmlDocument({ title: `${title} · ${about}`, style, body: main })
}

/** Of a name in whatever script. */
function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim())
  return first?.segment.toLocaleUpperCase('en') ?? ''
}

async function policy({ formTarget, script, frames = [] }: Page): Promise<string> {
  const scripts = script === undefined ? '' : ` script-src ${await hashSource(script)};`
  const targets = formTarget === undefined ? '' : ` ${sourceOf(formTarget)}`
  const framed = frames.length > 0 ? ` frame-src ${[...new Set(frames.map(sourceOf))].join(' ')};` : ''
  return `default-src 'none'; style-src ${await hashSource(style)};${scripts}${framed} form-action 'self'${targets}; base-uri 'none'; frame-ancestors 'none'`
}

/** Of a URL what a policy can name: an origin, or the scheme of a native application. */
function sourceOf(url: string): string {
  const { origin, protocol } = new URL(url)
  return origin === 'null' ? protocol : origin
}
