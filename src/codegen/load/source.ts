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
  /** As the user named it, or on the way from there: what messages say. */
  readonly name: string
  /** The name, or for a file that is referred to its way from the document's folder: the same wherever that lies. */
  readonly id: string
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

/** Line and column, from 1, of offsets in a text. The line starts are found once, at the first question. */
export function createPositions(text: string): (offset: number) => { line: number; column: number } {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return starts
}
