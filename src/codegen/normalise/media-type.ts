import { parseMediaType } from '../media-types.ts'
import type { Context } from './context.ts'

/** What is no media type stands for any: its author had something in mind that comes all the same. */
export function readMediaType(context: Context, node: unknown, given: string): string {
  const mediaType = parseMediaType(given)
  if (mediaType !== undefined) return mediaType
  const message = `"${given}" is no media type; any is taken`
  context.diagnostics.warn('invalid_document', node, message, 'write one such as application/json')
  return '*/*'
}
