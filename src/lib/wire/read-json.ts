import type { ContentReader, ReadBody, ResponseContent } from '../api.ts'
import { isJson } from '../media-type.ts'

/** Reads a body that the document knows as JSON alone, under whatever name of it comes. */
export function readJson(content: ResponseContent, contentType: string, bytes: ArrayBuffer): ReadBody | undefined {
  return contentType && !isJson(contentType) ? undefined : judgeJson(bytes, Object.values(content)[0])
}

export function judgeJson(bytes: ArrayBuffer, judge: ContentReader | undefined): ReadBody {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return { body, failure: typeof judge === 'function' ? judge(body) : undefined }
  } catch {
    // The parser's error is dropped, since it quotes the text.
    return { failure: null }
  }
}
