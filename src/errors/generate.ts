import { AuthentypeError } from './base.ts'

/** What stops the generator. */
export type GenerateErrorCode =
  /** The document cannot be read: no such file, not reachable, not allowed. */
  | 'document_unreadable'
  /** Not YAML or JSON; `line` and `column` say where. */
  | 'document_syntax'
  /** Not an OpenAPI document, or of a version that is not known. */
  | 'document_unsupported'
  /** Deeper, larger or more self-referring than any honest document. */
  | 'document_too_complex'
  /** An overlay that is none, or does not fit; `line` and `column` say where. */
  | 'overlay_invalid'
  /** Selectors, none of which matches an operation. */
  | 'nothing_selected'
  /** A package that an option needs is not installed. */
  | 'missing_peer'
  /** An output file cannot be written. */
  | 'output_unwritable'

/** The generator stopped; it wrote nothing. */
export class GenerateError extends AuthentypeError {
  override readonly name = 'GenerateError'
  readonly code: GenerateErrorCode
  /** As the user named it. */
  readonly file: string | undefined
  /** From 1. */
  readonly line: number | undefined
  /** From 1. */
  readonly column: number | undefined
  /** Paths of the local files that were read, or should have been: what to watch until it is mended. */
  inputs: readonly string[] = []
  constructor(
    code: GenerateErrorCode,
    message: string,
    options: { file?: string; line?: number; column?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.file = options.file
    this.line = options.line
    this.column = options.column
  }
}
