/** Markup that is safe to send; made by `html` alone. */
export interface Html {
  readonly markup: string
}

type Part = Html | readonly Html[] | string | undefined | false

/** A template whose text is escaped, for content and for attributes in double quotes alike. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: strings.reduce((markup, text, i) => markup + toMarkup(parts[i - 1]) + text) }
}

function toMarkup(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return escapeText(part)
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}
