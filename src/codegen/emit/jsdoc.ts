/** What a doc comment may say. */
export interface Doc {
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly deprecated?: boolean | undefined
  readonly default?: unknown
  readonly examples?: readonly unknown[] | undefined
  /** Lines of our own, such as `POST /token`; they are sanitised too. */
  readonly notes?: readonly string[]
}

/** A doc comment with a line break after it, or nothing where there is nothing to say. */
export function jsdoc(doc: Doc): string {
  const paragraphs = [doc.summary, doc.description === doc.summary ? undefined : doc.description, ...(doc.notes ?? [])]
    .map((paragraph) => sanitise(paragraph ?? ''))
    .filter((paragraph) => paragraph !== '')
  const tags = [
    ...(doc.default === undefined ? [] : [`@default ${inline(doc.default)}`]),
    ...(doc.examples ?? [])
      .slice(0, 2)
      .filter(isShort)
      .map((example) => `@example ${inline(example)}`),
    ...(doc.deprecated === true ? ['@deprecated'] : []),
  ]
  const lines = [...(paragraphs.length > 0 ? paragraphs.join('\n\n').split('\n') : []), ...tags]
  if (lines.length === 0) return ''
  if (lines.length === 1) return `/** ${lines[0]} */\n`
  return `/**\n${lines.map((line) => (line === '' ? ' *' : ` * ${line}`)).join('\n')}\n */\n`
}

/**
 * What bundlers, compilers and debuggers read in comments, wherever it stands: `#__NO_SIDE_EFFECTS__` above a function
 * makes Rollup drop calls of it, `@ts-nocheck` quiets the compiler, `# sourceMappingURL=` loads a file.
 */
const annotation = /[@#](?=\s*(?:__|jsx|ts-|source(?:Mapping)?URL))/gi

/** Untrusted prose that can neither end the comment, nor act as a tag, nor hide text from its reader. */
function sanitise(prose: string): string {
  return prose
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B\u202A-\u202E\u2066-\u2069\uFEFF]/g, (character) =>
      character === '\t' ? '  ' : '',
    )
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
    .replaceAll('*/', '*\\/')
    .replace(/^([^\S\n]*)@/gm, '$1\\@')
    .replace(annotation, '$&\\')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

const isShort = (example: unknown): boolean =>
  example !== undefined && (JSON.stringify(example)?.length ?? Infinity) <= 120

/** A value on one line; a long one is cut, since the document has it whole. */
function inline(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const line = sanitise(text).replace(/\s+/g, ' ')
  return line.length > 120 ? `${line.slice(0, 119)}…` : line
}
