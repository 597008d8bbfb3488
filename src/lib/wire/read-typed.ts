import type { Answer, BodyReader, Refuse, ResponseContent } from '../api.ts'
import { readContent } from './read-content.ts'
import { readAnyJson, readJson } from './read-json.ts'

/**
 * As `readJson`, where a specification says by which type an answer comes (RFC 6749 5.1): without one it is no success.
 * Of an error, what it says is enough.
 */
export function readTypedJson(content: ResponseContent, answer: Answer, bytes: ArrayBuffer, refuse: Refuse): unknown {
  return isTyped(answer) ? readJson(content, answer, bytes, refuse) : undefined
}

/** As `readTypedJson`, without a schema. */
export const readAnyTypedJson: BodyReader = (content, answer, bytes, refuse) =>
  isTyped(answer) ? readAnyJson(content, answer, bytes, refuse) : undefined

/** As `readTypedJson`, where it is not JSON alone that may come. */
export const readTypedContent: BodyReader = (content, answer, bytes, refuse) =>
  isTyped(answer) ? readContent(content, answer, bytes, refuse) : undefined

const isTyped = ({ ok, contentType }: Answer): boolean => !ok || contentType !== ''
