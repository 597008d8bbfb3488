import type { Answer, BodyReader, Refuse, ResponseContent, Validator } from '../api.ts'
import { isJson } from '../media-type.ts'

/** Reads a body that the document knows as JSON alone, under whatever name of it comes, and holds it to its schema. */
export function readJson(content: ResponseContent, answer: Answer, bytes: ArrayBuffer, refuse: Refuse): unknown {
  const body = readAnyJson(content, answer, bytes, refuse)
  const judge = Object.values(content)[0]
  return typeof judge === 'function' && body !== undefined ? judged(body, judge, refuse) : body
}

/** As `readJson`, for operations without a schema, or without validators: any JSON will do. */
export const readAnyJson: BodyReader = (_, { contentType }, bytes, refuse) =>
  contentType && !isJson(contentType) ? undefined : decodeJson(bytes, refuse)

/** @throws the error of an answer that is no JSON; not the parser's, since that quotes the text */
export function decodeJson(bytes: ArrayBuffer, refuse: Refuse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw refuse('invalid_json', 'JSON', 'something else')
  }
}

/** The body, if it fits. @throws the error of an answer of another shape */
export function judged(body: unknown, judge: Validator, refuse: Refuse): unknown {
  let failure: ReturnType<Validator>
  try {
    failure = judge(body)
  } catch {
    // Nested deeper than the stack: JSON.parse reads that, validators of recursive schemas do not.
    throw refuse('invalid_body', 'a value of bounded depth', 'a deeper one')
  }
  if (failure) throw refuse('invalid_body', `${failure.expected} at "${failure.path}"`, failure.actualType)
  return body
}
