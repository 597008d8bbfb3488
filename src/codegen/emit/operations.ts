import type { ValueEncoding } from '../../lib/api.ts'
import { isJson } from '../media-types.ts'
import type { NameTable, OperationNames } from '../name/name-table.ts'
import type { MediaSpec, OperationSpec, Spec } from '../spec.ts'
import { type EmittedFile, type FileStyle, importTypes, importValues, joinFile } from './file.ts'
import { acceptOf, bodyWriter, contentReader, featuresOf, partWriters } from './operation-features.ts'
import { inputType, resultTypes } from './operation-types.ts'
import { indent, stringLiteral, valueKey } from './text.ts'
import { createTypePrinter } from './type-text.ts'

export interface OperationsOptions {
  readonly closedEnums: boolean
  readonly validators: boolean
}

/** `operations.ts`: each operation as data, with the types of its input and its answers. */
export function emitOperations(
  spec: Spec,
  names: NameTable,
  style: FileStyle,
  options: OperationsOptions,
): EmittedFile {
  const printing = { schemas: spec.schemas, models: names.models, closedEnums: options.closedEnums }
  const printer = createTypePrinter({ ...printing, direction: 'request' })
  const models = new Set<string>()
  const validators = new Set<string>()
  const validatorOf = ({ mediaType, schema }: MediaSpec): string | undefined => {
    const validator =
      options.validators && isJson(mediaType) && schema?.ref !== undefined && !takesBytes(mediaType, schema.ref, spec)
        ? names.models.get(schema.ref)?.validator
        : undefined
    if (validator !== undefined) validators.add(validator)
    return validator
  }
  const features = new Set<string>()
  const context: LiteralContext = { spec, validatorOf, use: (name) => features.add(name) && name }
  const parts = spec.operations.map((operation) => {
    const named = names.operations.get(operation.key)!
    const types = resultTypes(operation, printing)
    for (const name of types.models) models.add(name)
    return [
      `export type ${named.inputType} = ${inputType(operation, printer, spec.schemas).text}\n`,
      `export type ${named.resultType} =\n  | ${types.result}\n`,
      `export const ${named.operation}: Operation<${types.success}, ${named.resultType}> = ${literal(operation, named, context)}\n`,
    ].join('\n')
  })
  const seam = ['ApiResult', 'Operation', 'StatusIn'].filter((name) => parts.some((part) => part.includes(`${name}<`)))
  const imports = [
    importTypes(seam, style.runtime),
    importValues(features, style.runtime),
    importTypes(new Set([...models, ...printer.used]), `./models${style.importExtension}`),
    importValues(validators, `./validators${style.importExtension}`),
  ]
  const usesServer = parts.some((part) => /^ {2}server,$/m.test(part))
  const server = spec.server === undefined || !usesServer ? '' : `const server = ${stringLiteral(spec.server)}\n`
  return {
    name: 'operations.ts',
    text: joinFile(style.header, imports, [server, ...(parts.length > 0 ? parts : ['export {}\n'])]),
  }
}

/** Whether bytes may come where any type may: they are a Blob, which no validator knows. */
function takesBytes(mediaType: string, ref: string, { schemas }: Spec): boolean {
  const { format, types } = schemas.get(ref)?.schema ?? {}
  return mediaType.includes('*') && format === 'binary' && types?.includes('string') === true
}

interface LiteralContext {
  readonly spec: Spec
  readonly validatorOf: (media: MediaSpec) => string | undefined
  /** Notes that a function of the runtime is imported, and gives its name back. */
  readonly use: (name: string) => string
}

/** Whatever is a default is left out: an application pays for each byte of each operation that it calls. */
function literal(operation: OperationSpec, named: OperationNames, { spec, validatorOf, use }: LiteralContext): string {
  const server =
    operation.server !== undefined && operation.server !== spec.server
      ? `server: ${stringLiteral(operation.server)}`
      : spec.server === undefined
        ? ''
        : 'server'
  const encodings = encodingGroups(operation)
  const accept = acceptOf(operation)
  const parts = partWriters(operation)
  let isJudged = false
  const responses = withSuccesses(operation.responses).map(({ status, content }) => {
    const media = (operation.method === 'HEAD' || status === '204' ? [] : content).map((each) => {
      const validator = validatorOf(each)
      isJudged ||= validator !== undefined
      return `${each.mediaType === '' ? "''" : valueKey(each.mediaType)}: ${contentReader(each, validator)}`
    })
    return `${valueKey(status)}: ${media.length > 0 ? `{ ${media.join(', ')} }` : '{}'},\n`
  })
  const lines = [
    `id: ${stringLiteral(operation.operationId ?? named.call)}`,
    `method: ${stringLiteral(operation.method)}`,
    `path: ${stringLiteral(operation.path)}`,
    ...featuresOf(operation, spec.schemas, isJudged).map(([slot, name]) =>
      use(name) === slot ? slot : `${slot}: ${name}`,
    ),
    server,
    operation.metadataField === undefined ? '' : `metadataField: ${stringLiteral(operation.metadataField)}`,
    operation.clause === undefined ? '' : `clause: ${stringLiteral(operation.clause)}`,
    operation.accessToken === undefined ? '' : `accessToken: ${stringLiteral(operation.accessToken)}`,
    operation.clientAuth === undefined ? '' : `clientAuth: ${stringLiteral(operation.clientAuth)}`,
    encodings === '' ? '' : `encodings: ${encodings}`,
    parts.length > 0 ? `parts: [${parts.map(use).join(', ')}]` : '',
    accept === undefined ? '' : `accept: ${stringLiteral(accept)}`,
    operation.body && operation.userAgent === undefined
      ? `body: { ${operation.body.content.map((media) => `${valueKey(media.mediaType)}: ${use(bodyWriter(media))}`).join(', ')} }`
      : '',
    `responses: {\n${indent(responses.join(''))}}`,
  ]
  return `{\n${indent(
    lines
      .filter((line) => line !== '')
      .map((line) => `${line},\n`)
      .join(''),
  )}}`
}

/** Where the document lists no success, its `default` is one; and a 204 has no body (RFC 9110 15.3.5), in a range too. */
function withSuccesses(responses: OperationSpec['responses']): OperationSpec['responses'] {
  const others = responses.find(({ status }) => status === 'default')
  const hasSuccess = responses.some(({ status }) => status.startsWith('2'))
  const all = others && !hasSuccess ? [{ ...others, status: '2XX' }, ...responses] : responses
  const range = all.find(({ status }) => status === '2XX')
  if (!range) return all
  return [...all.filter(({ status }) => status !== '204'), { ...range, status: '204', content: [] }]
}

function encodingGroups(operation: OperationSpec): string {
  const groups = new Map<string, Map<string, ValueEncoding>>()
  const add = (place: string, name: string, encoding: ValueEncoding): void => {
    if (Object.keys(encoding).length === 0) return
    groups.set(place, (groups.get(place) ?? new Map()).set(name, encoding))
  }
  for (const { place, name, encoding } of operation.parameters) add(place, name, encoding)
  for (const { encodings } of operation.body?.content ?? [])
    for (const [name, encoding] of encodings) add('body', name, encoding)
  const texts = [...groups].map(
    ([place, encodings]) =>
      `${place}: { ${[...encodings].map(([name, encoding]) => `${valueKey(name)}: ${encodingLiteral(encoding)}`).join(', ')} }`,
  )
  return texts.length > 0 ? `{ ${texts.join(', ')} }` : ''
}

function encodingLiteral(encoding: ValueEncoding): string {
  const pairs = Object.entries(encoding).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? stringLiteral(value) : String(value)}`,
  )
  return `{ ${pairs.join(', ')} }`
}
