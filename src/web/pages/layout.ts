import { digest } from '#signatures'
import { encodeBase64url } from '../../lib/base64url.ts'
import { type Html, html } from './html.ts'
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
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · ${appName}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main${bad && { markup: ' class="bad"' }}>
<p class="app">${appName}</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`
  return document.markup
}

let styleHash: string | undefined

/**
 * Nothing may be loaded, framed or run. Forms may lead on to issuers: Chromium holds the redirects after a form against
 * `form-action`, too.
 *
 * @param formTargets schemes that forms may lead to
 */
export async function contentSecurityPolicy(formTargets: string): Promise<string> {
  styleHash ??= `sha256-${toBase64(await digest('SHA-256', style))}`
  return `default-src 'none'; style-src '${styleHash}'; form-action 'self' ${formTargets}; base-uri 'none'; frame-ancestors 'none'`
}

function toBase64(bytes: Uint8Array): string {
  const text = encodeBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}
