/** A place in a file that the user gave. */
export interface Place {
  /** As the user named it. */
  readonly file: string
  /** From 1; 0 where the place is not known. */
  readonly line: number
  /** From 1; 0 where the place is not known. */
  readonly column: number
}

/** Finds where an object or array of a parsed document stands in its text. */
export type Locate = (node: unknown) => Place

/** One parsed file of the document. */
export interface Source {
  /** Absolute, as a URL. */
  readonly location: string
  /** As the user named it, or relative to the document's folder: safe to print and to put into output. */
  readonly name: string
  readonly text: string
  readonly root: unknown
  /** Where the node begins in the text, as an offset; undefined for nodes of other sources. */
  offsetOf(node: object): number | undefined
  /** Keys that came twice in one mapping. */
  readonly duplicateKeys: readonly DuplicateKey[]
}

export interface DuplicateKey {
  readonly key: string
  readonly mapping: object
}

/** Line and column, from 1, of an offset. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (let index = before.indexOf('\n'); index !== -1; index = before.indexOf('\n', index + 1)) line++
  return { line, column: offset - lineStart + 1 }
}
