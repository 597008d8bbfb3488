import { digest } from '#signatures'
import { encodeBase64url } from './base64url.ts'
import { type Html, html } from './html.ts'

export interface HtmlDocument {
  readonly title: string
  /** The whole stylesheet. */
  readonly style: string
  readonly body: Html
}

/** A whole document in English, which no search engine keeps. */
export function renderHtmlDocument({ title, style, body }: HtmlDocument): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${{ markup: style }}</style>
</head>
<body>
${body}
</body>
</html>
`
  return document.markup
}

/** A script or stylesheet of a document as its policy names it. @see Content Security Policy Level 3, 2.3.1 "hash-source" */
export async function hashSource(text: string): Promise<string> {
  const base64 = encodeBase64url(await digest('SHA-256', text))
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  return `'sha256-${base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')}'`
}
