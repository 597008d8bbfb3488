import type { Schema } from '../spec.ts'
import { jsonLiteral, stringLiteral } from './text.ts'

/** A printed type, with what decides whether it needs parentheses. */
export interface Printed {
  readonly text: string
  readonly joint: '|' | '&' | ''
}

export const unknownType: Printed = { text: 'unknown', joint: '' }
export const openObject: Printed = { text: '{ readonly [key: string]: unknown }', joint: '' }

/** The types as one, none of them twice. */
export function join(joint: '|' | '&', parts: readonly Printed[]): Printed {
  const distinct = parts.filter((part, index) => parts.findIndex((other) => other.text === part.text) === index)
  if (distinct.length === 0) return unknownType
  if (distinct.length === 1) return distinct[0]!
  if (joint === '|' && distinct.some((part) => part.text === 'unknown')) return unknownType
  return {
    text: distinct
      .map((part) => (part.joint === '' || part.joint === joint ? part.text : `(${part.text})`))
      .join(` ${joint} `),
    joint,
  }
}

/** A type that a suffix applies to as a whole. */
export const closed = ({ text, joint }: Printed): string =>
  joint === '' && !text.startsWith('readonly ') ? text : `(${text})`

/** @param isOpen whether the type admits other strings, too */
export function printEnum(values: readonly unknown[], isOpen: boolean): Printed {
  const literals = [...new Set(values.map((value) => jsonLiteral(value) ?? 'unknown'))]
  return join(
    '|',
    [...literals, ...(isOpen ? ['(string & {})'] : [])].map((text) => ({ text, joint: '' as const })),
  )
}

/** The known strings, any other accepted, and all of them offered by an editor. */
export function openUnion(values: readonly string[]): Printed {
  return { text: [...new Set(values).values()].map(stringLiteral).concat('(string & {})').join(' | '), joint: '|' }
}

export function withNull(schema: Schema, printed: Printed): Printed {
  return schema.types?.includes('null') ? { text: `${printed.text} | null`, joint: '|' } : printed
}
