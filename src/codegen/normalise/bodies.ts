import type { ValueEncoding } from '../../lib/api.ts'
import type { BodySpec, MediaSpec, ResponseSpec } from '../spec.ts'
import { type Context, dereference, type Part } from './context.ts'
import { readMediaType } from './media-type.ts'
import { readEncoding } from './parameters.ts'
import { entries, isRawObject, optional, own, text } from './raw.ts'
import { normaliseSchema } from './schema.ts'

export function readBody(context: Context, given: Part): BodySpec | undefined {
  const part = dereference(context, given)
  if (!isRawObject(part.node)) return undefined
  const content = readContent(context, part)
  if (content.length === 0) return undefined
  return {
    required: own(part.node, 'required') === true,
    ...optional('description', text(own(part.node, 'description'))),
    content,
  }
}

/** `contentOf` reads the media types of one response, which versions of the specification keep in different places. */
export function readResponses(
  context: Context,
  operation: Part,
  responses: unknown,
  contentOf: (response: Part, status: string) => MediaSpec[],
): ResponseSpec[] {
  const read: ResponseSpec[] = []
  for (const [key, node] of entries(responses)) {
    if (key.startsWith('x-')) continue
    const status = /^[1-5]xx$/i.test(key) ? key.toUpperCase() : key
    if (!/^([1-5]\d\d|[1-5]XX|default)$/.test(status)) {
      context.diagnostics.warn(
        'invalid_document',
        operation.node,
        `the response "${key}" is left out: it is no status`,
        'use a status such as 200, a range such as 4XX, or default',
      )
      continue
    }
    const part = dereference(context, { ...operation, node })
    const content = contentOf(part, status)
    const optionalBody = own(part.node, 'x-optional-body') === true
    read.push({
      status,
      ...optional('description', text(own(part.node, 'description'))),
      headers: entries(own(part.node, 'headers')).map(([name]) => name),
      // The empty media type stands for an answer without the described body.
      content: optionalBody && content.length > 0 ? [...content, { mediaType: '', encodings: new Map() }] : content,
    })
  }
  if (read.length > 0) return read
  context.diagnostics.warn(
    'invalid_document',
    operation.node,
    'the operation documents no response; any is taken',
    'document its responses',
  )
  return [{ status: 'default', headers: [], content: [{ mediaType: '*/*', encodings: new Map() }] }]
}

export function readContent(context: Context, part: Part): MediaSpec[] {
  const media = new Map<string, MediaSpec>()
  for (const [key, given] of entries(own(part.node, 'content'))) {
    // From 3.2 on media types are components too.
    const { node } = dereference(context, { ...part, node: given })
    const mediaType = readMediaType(context, part.node, key)
    const schemaNode = own(node, 'schema') ?? own(node, 'itemSchema')
    media.set(mediaType, {
      mediaType,
      ...optional(
        'schema',
        schemaNode === undefined ? undefined : normaliseSchema(context, { ...part, node: schemaNode }),
      ),
      encodings: new Map(readEncodings(node, mediaType)),
    })
  }
  return [...media.values()]
}

function readEncodings(media: unknown, mediaType: string): [string, ValueEncoding][] {
  const multipart = mediaType.startsWith('multipart/')
  if (!multipart && mediaType !== 'application/x-www-form-urlencoded') return []
  return entries(own(media, 'encoding'))
    .map(([name, node]): [string, ValueEncoding] => {
      const contentType = text(own(node, 'contentType'))
      if (multipart) return [name, optional('contentType', contentType)]
      // RFC 6570 styles do not apply to a field that declares a media type of its own; a form knows only JSON there.
      return [
        name,
        contentType !== undefined && /json/i.test(contentType) ? { style: 'json' } : readEncoding(node, 'form'),
      ]
    })
    .filter(([, encoding]) => Object.keys(encoding).length > 0)
}
