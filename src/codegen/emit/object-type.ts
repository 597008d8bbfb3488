import { goes } from '../directions.ts'
import { findProperty } from '../normalise/lift-required.ts'
import { subschemas } from '../recursion.ts'
import type { NamedSchema, Schema } from '../spec.ts'
import { jsdoc } from './jsdoc.ts'
import { join, openObject, type Printed } from './printed-type.ts'
import { indent, propertyKey } from './text.ts'

/** Prints what a schema says of an object's properties. */
export interface ObjectPrinter {
  printObject(schema: Schema): Printed
  /** Required properties that this schema does not declare itself, with the type that another part gives them. */
  printRequired(schema: Schema): Printed | undefined
}

export interface ObjectPrinterParts {
  readonly schemas: ReadonlyMap<string, NamedSchema>
  readonly direction: 'request' | 'response'
  readonly print: (schema: Schema) => Printed
  /** What the compiler looks into only when it has to. */
  readonly printInside: (schema: Schema) => Printed
}

export function createObjectPrinter({ schemas, direction, print, printInside }: ObjectPrinterParts): ObjectPrinter {
  let insideRequired = false

  function printObject(schema: Schema): Printed {
    const properties = [...(schema.properties ?? [])]
      .filter(([, property]) => goes(property, direction, schemas))
      .map(([name, property]) => printProperty(name, property, schema.required?.includes(name) === true))
    const index = [schema.additionalProperties, ...(schema.patternProperties?.values() ?? [])]
      .filter((part) => part !== undefined && !part.never)
      .map((part) => printInside(part!))
    const parts: Printed[] = []
    if (properties.length > 0) parts.push({ text: `{\n${indent(properties.join(''))}}`, joint: '' })
    if (index.length > 0) parts.push({ text: `{ readonly [key: string]: ${join('|', index).text} }`, joint: '' })
    if (parts.length > 0) return join('&', parts)
    return schema.additionalProperties?.never ? { text: '{ readonly [key: string]: never }', joint: '' } : openObject
  }

  function printProperty(name: string, property: Schema, required: boolean): string {
    const { text } = printInside(property)
    return `${jsdoc(property)}readonly ${propertyKey(name)}${required ? ': ' : optionalSuffix(name)}${text}\n`
  }

  function printRequired(schema: Schema): Printed | undefined {
    const lines = (schema.required ?? []).flatMap((name) => {
      const property = schema.properties?.has(name) ? undefined : findProperty(schemas, schema, name)
      return property && goes(property, direction, schemas)
        ? [`readonly ${propertyKey(name)}: ${printPresent(property)}`]
        : []
    })
    return lines.length === 0 ? undefined : { text: `{ ${lines.join('; ')} }`, joint: '' }
  }

  /** A property may lead back to itself by other required ones; there it is only said to be present. */
  function printPresent(property: Schema): string {
    const isLeaf = property.ref !== undefined || [...subschemas(property)].length === 0
    if (isLeaf) return print(property).text
    if (insideRequired) return '{} | null'
    insideRequired = true
    const { text } = print(property)
    insideRequired = false
    return text
  }

  return { printObject, printRequired }
}

const inherited = new Set(Object.getOwnPropertyNames(Object.prototype))

/**
 * What stands between the name of an optional property and its type. Where one of a name such as `constructor` is
 * absent, every object has a function all the same; without it the compiler takes no object literal.
 */
export function optionalSuffix(name: string): string {
  return inherited.has(name) && !name.startsWith('__') ? '?: Function | ' : '?: '
}
