import type { Answer, Refuse, ResponseContent } from '../api.ts'
import { isJson, isText } from '../media-type.ts'
import { decodeJson, judged } from './read-json.ts'

/**
 * Reads a body by its content type: as documented, else any JSON for JSON, else by the range that it falls under, else
 * as plain bytes. Without a content type it is taken for the first that the document lists.
 */
export function readContent(
  content: ResponseContent,
  { contentType }: Answer,
  bytes: ArrayBuffer,
  refuse: Refuse,
): unknown {
  const types = Object.keys(content).filter(Boolean)
  const type =
    (contentType === '' ? types[0] : types.find((each) => each === contentType)) ??
    types.find((each) => isJson(each) && isJson(contentType)) ??
    types.find((each) => each === '*/*' || (each.endsWith('/*') && contentType.startsWith(each.slice(0, -1)))) ??
    types.find((each) => each === 'application/octet-stream')
  if (type === undefined) return undefined
  const reader = content[type]
  // A range does not say how it is read; what came does.
  const actual = type.includes('*') ? contentType : ''
  // And what came has to fit all the same: a page of text is no success where the document has an object.
  const judge = typeof reader === 'function' ? reader : () => undefined
  if (actual === '' ? reader === 'text' : isText(actual)) return judged(new TextDecoder().decode(bytes), judge, refuse)
  if (actual === '' ? reader === 'blob' : !isJson(actual))
    return typeof reader === 'function' ? undefined : new Blob([bytes], { type: contentType })
  return judged(decodeJson(bytes, refuse), judge, refuse)
}
