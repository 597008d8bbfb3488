import { type Html, html } from '../../lib/html.ts'
import { hashSource, renderHtmlDocument } from '../../lib/html-document.ts'
import { style } from './style.ts'

export interface Layout {
  readonly title: string
  /** What the user is logging in to. */
  readonly appName: string
  readonly body: Html
  /** Something went wrong. @default false */
  readonly bad?: boolean
}

/** A whole document. It needs no script, and its policy lets none run. */
export function renderDocument({ title, appName, body, bad = false }: Layout): string {
  const main = html`<main${bad && { markup: ' class="bad"' }}>
<p class="app">${appName}</p>
<h1>${title}</h1>
${body}
</main>`
  return renderHtmlDocument({ title: `${title} · ${appName}`, style, body: main })
}

let styleHash: string | undefined

/**
 * Nothing may be loaded, framed or run. Forms may lead on to issuers: Chromium holds the redirects after a form against
 * `form-action`, too.
 *
 * @param formTargets schemes that forms may lead to
 */
export async function contentSecurityPolicy(formTargets: string): Promise<string> {
  styleHash ??= await hashSource(style)
  return `default-src 'none'; style-src ${styleHash}; form-action 'self' ${formTargets}; base-uri 'none'; frame-ancestors 'none'`
}
