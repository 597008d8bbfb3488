import type { NameTable, OperationNames } from '../name/name-table.ts'
import type { OperationSpec, Spec } from '../spec.ts'
import { type EmittedFile, type FileStyle, importTypes, importValues, joinFile } from './file.ts'
import { jsdoc } from './jsdoc.ts'
import { inputType, resultTypes } from './operation-types.ts'
import { createTypePrinter } from './type-text.ts'

/** `endpoints.ts`: for each operation a function, and a sibling that returns the union by status. */
export function emitEndpoints(spec: Spec, names: NameTable, style: FileStyle, closedEnums: boolean): EmittedFile {
  const options = { schemas: spec.schemas, models: names.models, closedEnums }
  const used = new Set<string>()
  const types = new Set<string>()
  const values = new Set<string>()
  const parts = spec.operations.map((operation) => {
    const named = names.operations.get(operation.key)!
    const input = `input${inputType(operation, createTypePrinter(options), spec.schemas).optional ? '?' : ''}: ${named.inputType}`
    values.add(named.operation)
    types.add(named.inputType)
    if (operation.userAgent !== undefined) return urlBuilder(operation, named, input)
    types.add(named.resultType)
    const { success, successModels } = resultTypes(operation, options)
    for (const name of successModels) used.add(name)
    return calls(operation, named, input, success)
  })
  const imports = [
    importTypes(parts.length > 0 ? ['Api', 'RequestOptions'] : [], style.runtime),
    importTypes(used, `./models${style.importExtension}`),
    importTypes(types, `./operations${style.importExtension}`),
    importValues(values, `./operations${style.importExtension}`),
  ]
  return { name: 'endpoints.ts', text: joinFile(style.header, imports, parts.length > 0 ? parts : ['export {}\n']) }
}

function calls(operation: OperationSpec, named: OperationNames, input: string, success: string): string {
  const doc = jsdoc({ ...docOf(operation), notes: [place(operation)] })
  const resultDoc = jsdoc({
    summary: `As {@link ${named.call}}, but resolves to the documented answer whatever its status: switch on \`status\`.`,
    deprecated: operation.deprecated,
  })
  return [
    `${doc}export function ${named.call}(api: Api, ${input}, init?: RequestOptions): Promise<${success}> {\n  return api.send(${named.operation}, input, init)\n}\n`,
    `${resultDoc}export function ${named.result}(api: Api, ${input}, init?: RequestOptions): Promise<${named.resultType}> {\n  return api.result(${named.operation}, input, init)\n}\n`,
  ].join('\n')
}

/** The browser sends this request: all that the application can have is its URL. */
function urlBuilder(operation: OperationSpec, named: OperationNames, input: string): string {
  const note =
    operation.userAgent === 'redirect'
      ? 'Builds the URL to send the browser to; sends nothing.'
      : 'Builds the URL for the `action` of a form that the browser submits; sends nothing.'
  const doc = jsdoc({ ...docOf(operation), notes: [note, place(operation)] })
  return `${doc}export function ${named.call}(api: Api, ${input}, init?: Pick<RequestOptions, 'baseUrl' | 'url'>): URL {\n  return api.url(${named.operation}, input, init)\n}\n`
}

const docOf = ({ summary, description, deprecated }: OperationSpec): Parameters<typeof jsdoc>[0] => ({
  summary,
  description,
  deprecated,
})

const place = ({ method, path }: OperationSpec): string => `\`${method} ${path.replaceAll('`', "'")}\``
