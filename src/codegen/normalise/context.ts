import { GenerateError } from '../../errors/generate.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { LoadedDocument } from '../load/load.ts'
import { resolveReference } from '../load/references.ts'
import type { Source } from '../load/source.ts'
import type { NamedSchema } from '../spec.ts'
import { findAnchor } from './anchors.ts'
import { follow, formatPointer, parsePointer } from './pointer.ts'
import { isRawObject, own } from './raw.ts'

/** What the passes of one normalisation share. */
export interface Context {
  readonly document: LoadedDocument
  readonly diagnostics: Diagnostics
  /** 2 for Swagger 2.0, 3.0 and 3.1 (which stands for 3.2 too): keywords change their meaning between them. */
  readonly dialect: 2 | 3.0 | 3.1
  /** In the order in which they were first referred to; undefined for those in `pending`. */
  readonly schemas: Map<string, NamedSchema | undefined>
  /** Named schemas still to be made: a queue, since a chain of references may be longer than the stack is deep. */
  readonly pending: Target[]
  /** Keys of targets that a component consists of: they go by the component's name. */
  readonly aliases: Map<string, string>
  /** Schema objects on the way down to the present one: a YAML alias may lead back to one of them. */
  readonly open: Set<unknown>
  /** Counts one more part of the document. @throws GenerateError document_too_complex */
  spend(): void
}

/** A part of the document, with the file that its references start from. */
export interface Part {
  readonly source: Source
  readonly node: unknown
}

/** The target of a reference. */
export interface Target extends Part {
  /** Stable: no absolute path is in it. */
  readonly key: string
  /** The last token of the pointer, or the file's name. */
  readonly title: string
}

/** Plaid's document, with 3 MB, has 12,000 parts; GitHub's, the largest known, four times the bytes. */
const maxParts = 500_000

export function createContext(
  document: LoadedDocument,
  diagnostics: Diagnostics,
  dialect: Context['dialect'],
): Context {
  let parts = 0
  return {
    document,
    diagnostics,
    dialect,
    schemas: new Map(),
    pending: [],
    aliases: new Map(),
    open: new Set(),
    spend() {
      if (++parts <= maxParts) return
      const file = document.root.name
      throw new GenerateError(
        'document_too_complex',
        `${file}: more than ${maxParts} parts after following its references and aliases`,
        { file },
      )
    },
  }
}

/** Finds the target of a `$ref`; undefined, with a warning, where it may not be followed or leads nowhere. */
export function resolve(context: Context, from: Part, ref: string): Target | undefined {
  const warn = (reason: string, advice: string): undefined => {
    context.diagnostics.warn(
      'ref_not_followed',
      from.node,
      `$ref "${ref}" is not followed: ${reason}; its place is unknown`,
      advice,
    )
    return undefined
  }
  const place = resolveReference(from.source.location, ref)
  if (!place) return warn('it is not a URL reference', 'correct the reference')
  const refused = context.document.refused.get(place.location)
  if (refused !== undefined)
    return warn(refused, 'allow it with --allow-ref, or copy the file into the document’s folder')
  const source = context.document.sources.get(place.location)
  if (!source) return warn('its file was not loaded', 'report this as a bug of authentype')
  const tokens = parsePointer(place.fragment) ?? findAnchor(source, place.fragment)
  const node = tokens && follow(source.root, tokens)
  if (!tokens || node === undefined) return warn('there is nothing at that place', 'correct the reference')
  const file = source === context.document.root ? '' : source.id
  return { source, node, key: `${file}#${formatPointer(tokens)}`, title: tokens.at(-1) ?? fileTitle(source.id) }
}

/** Follows references of non-schema parts (parameters, responses, ...) to the part itself. */
export function dereference(context: Context, part: Part): Part {
  let current = part
  for (let hops = 0; isRawObject(current.node) && typeof own(current.node, '$ref') === 'string'; hops++) {
    const target = hops < 32 ? resolve(context, current, own(current.node, '$ref') as string) : undefined
    if (!target) {
      if (hops >= 32)
        context.diagnostics.warn('ref_not_followed', part.node, 'a $ref leads to itself', 'correct the reference')
      return { source: current.source, node: undefined }
    }
    current = target
  }
  return current
}

function fileTitle(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
}
