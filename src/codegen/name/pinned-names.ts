import { GenerateError } from '../../errors/generate.ts'
import type { Spec } from '../spec.ts'
import type { NameTable } from './name-table.ts'

/**
 * The names of an earlier run, kept beside its output in `names.json`. Two names that clash can only be told
 * apart by who was there first, and only a record of that survives a change of the document.
 */
export interface PinnedNames {
  readonly models: ReadonlyMap<string, string>
  readonly operations: ReadonlyMap<string, string>
}

export const noPinnedNames: PinnedNames = { models: new Map(), operations: new Map() }

/** @throws GenerateError document_syntax */
export function parsePinnedNames(text: string, file: string): PinnedNames {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new GenerateError(
      'document_syntax',
      `${file} is not JSON; restore it from version control, or delete it to name everything anew`,
      { file, cause },
    )
  }
  const section = (key: string): ReadonlyMap<string, string> => {
    const names = (parsed as Record<string, unknown> | null)?.[key]
    const pairs = typeof names === 'object' && names !== null ? Object.entries(names) : []
    return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
  }
  return { models: section('models'), operations: section('operations') }
}

/** Sorted by key, so that the file changes only where a name comes or goes. */
export function formatPinnedNames(spec: Spec, names: NameTable): string {
  const section = (pairs: readonly (readonly [string, string])[]): Record<string, string> =>
    Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)))
  const models = [...spec.schemas.keys()].map((key) => [key, names.models.get(key)!.base] as const)
  const operations = spec.operations.map(({ key }) => [key, names.operations.get(key)!.base] as const)
  return `${JSON.stringify({ models: section(models), operations: section(operations) }, null, 2)}\n`
}
