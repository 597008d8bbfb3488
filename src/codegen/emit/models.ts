import type { NameTable } from '../name/name-table.ts'
import type { NamedSchema, Spec } from '../spec.ts'
import { type EmittedFile, type FileStyle, joinFile } from './file.ts'
import { jsdoc } from './jsdoc.ts'
import { indent, stringLiteral, valueKey } from './text.ts'
import { createTypePrinter } from './type-text.ts'

/** `models.ts`: a type for every named schema, and an object of the values where a string has known ones. */
export function emitModels(spec: Spec, names: NameTable, style: FileStyle, closedEnums: boolean): EmittedFile {
  const options = { schemas: spec.schemas, models: names.models, closedEnums }
  const printer = createTypePrinter(options)
  const requestPrinter = createTypePrinter({ ...options, direction: 'request' })
  const parts = [...spec.schemas.values()].map((named) => {
    const { type, writable } = names.models.get(named.key)!
    const model = `${emitValues(named, type) + jsdoc(named.schema)}export type ${type} = ${printer.print(named.schema)}\n`
    if (writable === undefined) return model
    const doc = jsdoc({ summary: `{@link ${type}} as it is sent: without what only the server writes.` })
    return `${model}\n${doc}export type ${writable} = ${requestPrinter.print(named.schema)}\n`
  })
  return { name: 'models.ts', text: joinFile(style.header, [], parts.length > 0 ? parts : ['export {}\n']) }
}

/** The values by themselves: `GrantType.refresh_token`. The name of the type serves for them too. */
function emitValues({ schema }: NamedSchema, name: string): string {
  const values = schema.knownValues ?? (schema.enum && schema.enum.length > 1 ? schema.enum : [])
  const strings = [...new Set(values)].filter(
    (value): value is string => typeof value === 'string' && value !== '__proto__',
  )
  if (strings.length === 0 || strings.length < values.filter((value) => value !== null).length) return ''
  const lines = strings.map((value) => `${valueKey(value)}: ${stringLiteral(value)},\n`).join('')
  return `${jsdoc(schema)}export const ${name} = {\n${indent(lines)}} as const\n\n`
}
