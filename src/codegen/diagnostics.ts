import { printable } from '../lib/printable.ts'
import type { Locate } from './load/source.ts'

/** What a document can have wrong, or the generator cannot express. */
export type WarningCode =
  /** A reference that may not be followed, or leads nowhere; its place is `unknown`. */
  | 'ref_not_followed'
  /** The same key twice in one mapping; the last one counts. */
  | 'duplicate_key'
  /** Two operations with one operationId. */
  | 'duplicate_operation_id'
  /** `required` names a property that is declared nowhere. */
  | 'undeclared_required'
  /** Schemas that are defined by nothing but each other. */
  | 'circular_schema'
  /** A part of the document that is not what the specification says it must be; it is skipped. */
  | 'invalid_document'
  /** A construct that is understood, but not yet expressed in the output. */
  | 'unsupported'
  /** A `pattern` that is not run, since it could take exponential time, or is no regular expression. */
  | 'pattern_not_checked'
  /** A selector that matches no operation. */
  | 'nothing_selected'
  /** An action of an overlay that changes nothing. */
  | 'overlay_without_effect'
  /** Several operations could be the same endpoint of an authorization server. */
  | 'oauth_ambiguous'
  /** A name that had to change, because it is reserved or taken. */
  | 'renamed'

/** Something in the document that generation went on in spite of. */
export interface Warning {
  readonly code: WarningCode
  readonly message: string
  /** What to do about it. */
  readonly advice: string
  /** As the user named it. */
  readonly file: string
  /** From 1; 0 where the place is not known. */
  readonly line: number
  /** From 1; 0 where the place is not known. */
  readonly column: number
}

/** Collects the warnings of one run. */
export interface Diagnostics {
  readonly warnings: readonly Warning[]
  /** `node` is the part of the document that it is about. */
  warn(code: WarningCode, node: unknown, message: string, advice: string): void
}

export function createDiagnostics(locate: Locate): Diagnostics {
  const warnings: Warning[] = []
  const seen = new Set<string>()
  return {
    warnings,
    warn(code, node, said, advised) {
      // They quote the document, and may be shown in a terminal.
      const message = printable(said, 500)
      const advice = printable(advised, 500)
      const place = locate(node)
      // A shared component is met once for each of its uses; its faults are worth one line.
      const key = `${code}\n${place.file}\n${place.line}\n${place.column}\n${message}`
      if (seen.has(key)) return
      seen.add(key)
      warnings.push({ code, message, advice, ...place })
    },
  }
}
