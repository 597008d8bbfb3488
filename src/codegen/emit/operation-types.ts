import { isJson, isMultipart, isText, isUrlEncoded } from '../media-types.ts'
import { intersection } from '../normalise/lift-required.ts'
import type { MediaSpec, NamedSchema, OperationSpec, ParameterPlace, ResponseSpec, Schema } from '../spec.ts'
import { jsdoc } from './jsdoc.ts'
import { optionalSuffix } from './object-type.ts'
import { indent, propertyKey, stringLiteral } from './text.ts'
import { createTypePrinter, type TypePrinter, type TypePrinterOptions } from './type-text.ts'

/** The type of an operation's input, and whether it can be left out. */
export interface InputType {
  readonly text: string
  readonly optional: boolean
}

export function inputType(
  operation: OperationSpec,
  printer: TypePrinter,
  schemas: ReadonlyMap<string, NamedSchema>,
): InputType {
  const places: readonly ParameterPlace[] = ['path', 'query', 'headers', 'cookies']
  const groups = places.map((place) => parameterGroup(operation, place, printer)).filter((group) => group !== undefined)
  // The browser submits the form of such an operation; its URL has no body.
  const body = operation.userAgent === 'form-post' ? undefined : operation.body
  const optional = groups.every((group) => group.optional) && body?.required !== true
  const lines = groups.map((group) => group.text)
  if (!body) return { text: lines.length > 0 ? block(lines) : '{ readonly [part: string]: never }', optional }
  const bodies = body.content.map((media, index) => {
    const description = jsdoc({ description: body.description })
    const mark = body.required ? '' : '?'
    const contentType =
      body.content.length === 1
        ? []
        : [`readonly contentType${index === 0 ? '?' : ''}: ${stringLiteral(media.mediaType)}\n`]
    return block([
      ...lines,
      `${description}readonly body${mark}: ${requestBodyType(media, printer, schemas)}\n`,
      ...contentType,
    ])
  })
  return { text: bodies.join(' | '), optional }
}

const block = (lines: readonly string[]): string => `{\n${indent(lines.join(''))}}`

function parameterGroup(operation: OperationSpec, place: ParameterPlace, printer: TypePrinter): InputType | undefined {
  const parameters = operation.parameters.filter((parameter) => parameter.place === place)
  if (parameters.length === 0) return undefined
  const optional = parameters.every(({ required }) => !required)
  const lines = parameters.map(({ name, required, schema, description, deprecated }) => {
    const doc = jsdoc({ ...schema, description, deprecated })
    return `${doc}readonly ${propertyKey(name)}${required ? ': ' : optionalSuffix(name)}${printer.print(schema)}\n`
  })
  return { text: `readonly ${place}${optional ? '?' : ''}: ${block(lines)}\n`, optional }
}

function requestBodyType(
  { mediaType, schema }: MediaSpec,
  printer: TypePrinter,
  schemas: ReadonlyMap<string, NamedSchema>,
): string {
  if (isUrlEncoded(mediaType)) {
    const open = '{ readonly [key: string]: unknown }'
    if (!schema) return open
    // Servers take parameters that no document lists; a form stays open unless the document closes it.
    return takesMore(schema, schemas) ? printer.print(schema) : `${printer.printPart(schema)} & ${open}`
  }
  if (isJson(mediaType) || isMultipart(mediaType)) return schema ? printer.print(schema) : 'unknown'
  return isText(mediaType) ? 'string' : 'Blob | ArrayBuffer | string'
}

/** Whether the type itself settles what may be added: an index for everything, or a closed object. */
function takesMore(schema: Schema, schemas: ReadonlyMap<string, NamedSchema>): boolean {
  for (const part of intersection(schemas, schema)) if (part.additionalProperties) return true
  return false
}

export interface ResultTypes {
  /** The union by status, as members of `ApiResult`. */
  readonly result: string
  /** What a success resolves to. */
  readonly success: string
  readonly models: ReadonlySet<string>
  /** Those of `models` that `success` names. */
  readonly successModels: ReadonlySet<string>
}

export function resultTypes(operation: OperationSpec, options: TypePrinterOptions): ResultTypes {
  const { responses } = operation
  const models = new Set<string>()
  const successModels = new Set<string>()
  const listed = responses.map(({ status }) => status)
  const documentsSuccess = listed.some((status) => status.startsWith('2'))
  const members: string[] = []
  const successes = new Set<string>()
  for (const response of responses) {
    const printer = createTypePrinter(options)
    const body = responseBodyType(operation, response, printer)
    for (const name of printer.used) models.add(name)
    for (const { status, ok } of statusTypes(response.status, listed, documentsSuccess)) {
      members.push(`ApiResult<${status}, ${ok}, ${body}>`)
      if (!ok) continue
      successes.add(body)
      for (const name of printer.used) successModels.add(name)
    }
  }
  return { result: members.join('\n  | '), success: [...successes].join(' | ') || 'never', models, successModels }
}

/** A range or `default` stands for the statuses that are not listed by themselves, so that `status` tells them apart. */
function statusTypes(
  status: string,
  listed: readonly string[],
  documentsSuccess: boolean,
): { status: string; ok: boolean }[] {
  if (/^\d+$/.test(status)) return [{ status, ok: status.startsWith('2') }]
  const without = (classes: readonly string[]): string => {
    const left = classes.filter((digit) => status !== 'default' || !listed.includes(`${digit}XX`))
    const taken = listed.filter((other) => /^\d+$/.test(other) && left.includes(other.charAt(0)))
    const range = `StatusIn<${left.join(' | ')}>`
    if (left.length === 0) return ''
    return taken.length > 0 ? `Exclude<${range}, ${taken.join(' | ')}>` : range
  }
  if (status !== 'default') return [{ status: without([status.charAt(0)]), ok: status.startsWith('2') }]
  const errors = { status: without(['3', '4', '5']), ok: false }
  return [...(documentsSuccess ? [] : [{ status: without(['2']), ok: true }]), errors].filter(
    (type) => type.status !== '',
  )
}

function responseBodyType(operation: OperationSpec, { status, content }: ResponseSpec, printer: TypePrinter): string {
  // RFC 9110 9.3.2, 15.3.5: neither has a body, whatever the document says.
  if (content.length === 0 || operation.method === 'HEAD' || status === '204') return 'undefined'
  const types = content.map(({ mediaType, schema }) => {
    if (mediaType === '') return 'undefined'
    if (isJson(mediaType)) return schema ? printer.print(schema) : 'unknown'
    return isText(mediaType) ? 'string' : 'Blob'
  })
  return [...new Set(types)].join(' | ')
}
