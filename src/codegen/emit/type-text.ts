import type { ModelNames } from '../name/name-table.ts'
import { findProperty } from '../normalise/lift-required.ts'
import type { JsonType, NamedSchema, Schema } from '../spec.ts'
import { createBudget } from './alternatives.ts'
import { createObjectPrinter } from './object-type.ts'
import { closed, join, openUnion, type Printed, printEnum, unknownType, withNull } from './printed-type.ts'
import { propertyKey, stringLiteral } from './text.ts'

/** Prints the TypeScript type of a schema. */
export interface TypePrinter {
  print(schema: Schema): string
  /** As a part of an intersection: a union is in parentheses. */
  printPart(schema: Schema): string
  /** Names of models that were printed. */
  readonly used: ReadonlySet<string>
}

export interface TypePrinterOptions {
  readonly schemas: ReadonlyMap<string, NamedSchema>
  readonly models: ReadonlyMap<string, ModelNames>
  /** Whether a value outside `enum` is a mistake; otherwise the type admits it, as the validators do. */
  readonly closedEnums: boolean
  /** Which properties there are: those of a request body, or of an answer. @default response */
  readonly direction?: 'request' | 'response'
}

export function createTypePrinter(options: TypePrinterOptions): TypePrinter {
  const used = new Set<string>()
  const { direction = 'response' } = options
  let insideIntersection = false

  function print(schema: Schema): Printed {
    if (schema.never) return { text: 'never', joint: '' }
    if (schema.ref !== undefined) return reference(schema.ref)
    const outside = insideIntersection
    insideIntersection ||= countParts(schema) > 1
    const isAffordable = createBudget(options.schemas)
    const parts = [printOwn(schema), ...(schema.allOf ?? []).filter(isAffordable).map(print)].filter(
      (part) => part !== undefined,
    )
    for (const branches of [schema.anyOf, schema.oneOf]) {
      // A branch that only requires or forbids says nothing that a union of types could.
      if (branches && !branches.some(isConstraint) && isAffordable({ node: schema.node, anyOf: branches }))
        parts.push(
          join(
            '|',
            branches.map((branch) => printBranch(schema, branch)),
          ),
        )
    }
    const required = printRequired(schema)
    if (required) parts.push(required)
    insideIntersection = outside
    return join(
      '&',
      parts.filter((part) => part !== unknownType),
    )
  }

  function reference(key: string): Printed {
    const names = options.models.get(key)
    const name = (direction === 'request' ? names?.writable : undefined) ?? names?.type
    if (name === undefined) return unknownType
    used.add(name)
    return { text: name, joint: '' }
  }

  /** The value of the discriminator tells the branches apart, where they do not say it themselves. */
  function printBranch(schema: Schema, branch: Schema): Printed {
    const printed = print(branch)
    const { discriminator } = schema
    if (!discriminator || branch.ref === undefined) return printed
    const property = findProperty(options.schemas, branch, discriminator.propertyName)
    if (property?.enum) return printed
    const values = [...discriminator.mapping].filter(([, key]) => key === branch.ref).map(([value]) => value)
    const implied = values.length > 0 ? values : [options.schemas.get(branch.ref)?.title ?? '']
    const tag = `{ readonly ${propertyKey(discriminator.propertyName)}: ${implied.map(stringLiteral).join(' | ')} }`
    return join('&', [printed, { text: tag, joint: '' }])
  }

  function printOwn(schema: Schema): Printed | undefined {
    if (schema.enum) return printEnum(schema.enum, isOpen(schema.enum))
    if (schema.knownValues) return withNull(schema, openUnion(schema.knownValues))
    const composed = schema.allOf ?? schema.anyOf ?? schema.oneOf
    const types = schema.types?.filter((type) => !(composed && isEmptyObject(schema, type)))
    if (!types || types.length === 0) return undefined
    return join(
      '|',
      [...new Set(types.map((type) => (type === 'integer' ? 'number' : type)))].map((type) => printType(schema, type)),
    )
  }

  function printType(schema: Schema, type: JsonType): Printed {
    if (type === 'array') return { text: printArray(schema), joint: '' }
    if (type === 'object') return printObject(schema)
    if (type === 'string' && schema.format === 'binary') return { text: 'Blob | string', joint: '|' }
    return { text: type, joint: '' }
  }

  /** What the compiler looks into only when it has to. */
  function printInside(schema: Schema): Printed {
    const outside = insideIntersection
    insideIntersection = false
    const printed = print(schema)
    insideIntersection = outside
    return printed
  }

  function printArray(schema: Schema): string {
    // Of an intersection the compiler must know each part at once; a tuple that holds itself it would not.
    if (schema.prefixItems && insideIntersection) {
      const items = [...schema.prefixItems, schema.items ?? { node: undefined }].map(print)
      return `ReadonlyArray<${join('|', items).text}>`
    }
    const prefix = schema.prefixItems?.map((item, index) => {
      const printed = print(item)
      return index < (schema.minItems ?? 0) ? printed.text : `${closed(printed)}?`
    })
    if (prefix) {
      const rest = schema.items?.never
        ? []
        : // Not ReadonlyArray<...>: the compiler would look into it at once, and it may be the tuple itself.
          [`...${schema.items ? closed(print(schema.items)) : 'unknown'}[]`]
      return `readonly [${[...prefix, ...rest].join(', ')}]`
    }
    return `ReadonlyArray<${schema.items ? print(schema.items).text : 'unknown'}>`
  }

  /** One value is a tag that tells schemas apart; several are a list that the next release adds to. */
  const isOpen = (values: readonly unknown[]): boolean =>
    !options.closedEnums && values.filter((value) => typeof value === 'string').length > 1

  const { printObject, printRequired } = createObjectPrinter({
    schemas: options.schemas,
    direction,
    print,
    printInside,
  })

  const printPart = (schema: Schema): string => {
    const { text, joint } = print(schema)
    return joint === '|' ? `(${text})` : text
  }
  return { print: (schema) => print(schema).text, printPart, used }
}

/** How many types a schema is the intersection of, at most. */
const countParts = ({ types, enum: values, allOf, anyOf, oneOf }: Schema): number =>
  (types || values ? 1 : 0) + (allOf?.length ?? 0) + (anyOf ? 1 : 0) + (oneOf ? 1 : 0)

/** `type: object` beside a composition only repeats what the parts say. */
function isEmptyObject(schema: Schema, type: JsonType): boolean {
  return type === 'object' && !schema.properties && !schema.additionalProperties && !schema.patternProperties
}

function isConstraint(schema: Schema): boolean {
  const { node: _node, required: _required, not: _not, description: _description, title: _title, ...rest } = schema
  return schema.ref === undefined && Object.keys(rest).length === 0
}
