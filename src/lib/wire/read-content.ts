import type { ReadBody, ResponseContent } from '../api.ts'
import { isJson, isText } from '../media-type.ts'
import { judgeJson } from './read-json.ts'

/**
 * Reads a body by its content type: as documented, else any JSON for JSON, else by the range that it falls under, else
 * as plain bytes. Without a content type it is taken for the first that the document lists.
 */
export function readContent(content: ResponseContent, contentType: string, bytes: ArrayBuffer): ReadBody | undefined {
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
  const judge = typeof reader === 'function' ? reader : undefined
  if (actual === '' ? reader === 'text' : isText(actual)) {
    const body = new TextDecoder().decode(bytes)
    return { body, failure: judge?.(body) }
  }
  if (actual === '' ? reader === 'blob' : !isJson(actual))
    return judge ? undefined : { body: new Blob([bytes], { type: contentType }) }
  return judgeJson(bytes, reader)
}
