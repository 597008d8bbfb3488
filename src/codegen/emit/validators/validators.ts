import type { Diagnostics } from '../../diagnostics.ts'
import type { NameTable } from '../../name/name-table.ts'
import { recursiveSchemas } from '../../recursion.ts'
import type { NamedSchema, Schema, Spec } from '../../spec.ts'
import { type EmittedFile, type FileStyle, importTypes, joinFile } from '../file.ts'
import { indent } from '../text.ts'
import type { ValidationMode } from './conditions.ts'
import { helper, withHelpers } from './helpers.ts'
import { isLinearPattern, isPattern } from './safe-pattern.ts'
import { alwaysFails, type Scope } from './scope.ts'
import { statements } from './statements.ts'

/** No honest answer nests its own kind deeper; a stack overflow would be an untyped error. */
const maxNesting = 200

/** `validators.ts`: for each named schema a plain function that finds the first thing that does not fit. */
export function emitValidators(
  spec: Spec,
  names: NameTable,
  style: FileStyle,
  mode: ValidationMode,
  diagnostics: Diagnostics,
): EmittedFile {
  const recursive = recursiveSchemas(spec.schemas)
  const parts = [...spec.schemas.values()].map((named) =>
    emitValidator(named, spec, names, mode, recursive, diagnostics),
  )
  const imports = [importTypes(['ValidationFailure'], style.runtime)]
  return {
    name: 'validators.ts',
    text: joinFile(
      style.header,
      parts.length > 0 ? imports : [],
      parts.length > 0 ? withHelpers(parts) : ['export {}\n'],
    ),
  }
}

function emitValidator(
  named: NamedSchema,
  spec: Spec,
  names: NameTable,
  mode: ValidationMode,
  recursive: ReadonlySet<string>,
  diagnostics: Diagnostics,
): string {
  const isRecursive = recursive.has(named.key)
  const counters = new Map<string, number>()
  const scope: Scope = {
    mode,
    schemas: spec.schemas,
    statements: (schema, spot) => statements(schema, spot, scope),
    call(key, value) {
      const validator = names.models.get(key)?.validator
      if (validator === undefined) return undefined
      return `${validator}(${value}${isRecursive && recursive.has(key) ? ', depth + 1' : ''})`
    },
    titleOf: (key) => names.models.get(key)?.type ?? 'another value',
    fresh(letter) {
      const number = (counters.get(letter) ?? 0) + 1
      counters.set(letter, number)
      return `${letter}${number}`
    },
    unevaluatedSkipped: (schema) =>
      diagnostics.warn(
        'unsupported',
        schema.node,
        'unevaluatedProperties is not checked: what is evaluated depends on the branch that fits',
        'close each branch, or check it in the application',
      ),
    patternSkipped: (schema) => warnOfPattern(schema, diagnostics),
  }
  const body = statements(named.schema, { value: 'value', path: [] }, scope)
  const guard =
    isRecursive && body !== ''
      ? `if (depth > ${maxNesting}) return ${helper('fail')}('', 'at most ${maxNesting} levels of itself', value)\n`
      : ''
  const name = names.models.get(named.key)!
  const parameter = body === '' ? '_value' : 'value'
  return `/** Judges a ${name.type}. */\nexport function ${name.validator}(${parameter}: unknown${isRecursive ? (body === '' ? ', _depth = 0' : ', depth = 0') : ''}): ValidationFailure | undefined {\n${indent(`${guard}${body}${alwaysFails(body) ? '' : 'return undefined\n'}`)}}\n`
}

function warnOfPattern(schema: Schema, diagnostics: Diagnostics): void {
  const patterns = [schema.pattern ?? [], ...(schema.patternProperties?.keys() ?? [])].flat()
  const wrong = patterns.find((pattern) => !isPattern(pattern))
  if (wrong !== undefined)
    diagnostics.warn(
      'pattern_not_checked',
      schema.node,
      `the pattern ${JSON.stringify(wrong)} is not checked: it is no regular expression of ECMAScript`,
      'correct it, for example by escaping what it means literally',
    )
  if (patterns.some((pattern) => isPattern(pattern) && !isLinearPattern(pattern)))
    diagnostics.warn(
      'pattern_not_checked',
      schema.node,
      'a pattern is not checked: it could take more than linear time',
      'anchor it with ^ and $ and separate its repeated parts, or check it in the application',
    )
}
