import type { Diagnostics } from '../diagnostics.ts'
import { directionalSchemas } from '../directions.ts'
import type { OperationSpec, Spec } from '../spec.ts'
import { functionName, isReserved, pathName, typeName } from './identifiers.ts'
import type { PinnedNames } from './pinned-names.ts'

/** What one named schema is called in the output. */
export interface ModelNames {
  readonly type: string
  /** The form of a request body, where that is another than an answer's. */
  readonly writable?: string
  readonly validator: string
  /** What is pinned: the name that the others derive from. */
  readonly base: string
}

/** What one operation is called in the output. */
export interface OperationNames {
  readonly call: string
  readonly result: string
  readonly operation: string
  readonly inputType: string
  readonly resultType: string
  /** What is pinned: the name that the others derive from, and how. */
  readonly base: string
}

/** Every exported name of the output, each once, over all files. */
export interface NameTable {
  /** By key of the schema. */
  readonly models: ReadonlyMap<string, ModelNames>
  /** By key of the operation. */
  readonly operations: ReadonlyMap<string, OperationNames>
}

/** A thing to be named. */
interface Subject {
  readonly key: string
  /** In order of preference; a number is added to the last. */
  readonly candidates: readonly string[]
  readonly node: unknown
  readonly given: string
  readonly isDirectional?: boolean
}

/**
 * Gives every schema and operation its names. Names pinned by an earlier run come first and are kept, so that a
 * change elsewhere in the document renames nothing; then those whose name is what the document says; the rest
 * make way. Within each group the order is by key, never by place in the document.
 */
export function createNameTable(spec: Spec, pinned: PinnedNames, diagnostics: Diagnostics): NameTable {
  const models = createGroup(modelSubjects(spec), pinned.models, modelNames)
  const operations = createGroup(operationSubjects(spec, diagnostics), pinned.operations, operationNames)
  const taken = new Set<string>()
  claimPinned(models, taken)
  claimPinned(operations, taken)
  claimRest(models, taken, diagnostics)
  claimRest(operations, taken, diagnostics)
  return { models: inOrder(models), operations: inOrder(operations) }
}

function modelSubjects(spec: Spec): Subject[] {
  const directional = directionalSchemas(spec)
  return [...spec.schemas.values()].map(({ key, title, schema }) => ({
    key,
    isDirectional: directional.has(key),
    candidates: [typeName(title), `${typeName(title)}Model`],
    node: schema.node,
    given: title,
  }))
}

function operationSubjects(spec: Spec, diagnostics: Diagnostics): Subject[] {
  const seen = new Map<string, OperationSpec>()
  return spec.operations.map((operation) => {
    const { operationId, key, node } = operation
    const fromPath = pathName(operation.method, operation.path)
    const first = operationId === undefined ? undefined : seen.get(operationId)
    if (first)
      diagnostics.warn(
        'duplicate_operation_id',
        node,
        `the operationId "${operationId}" of ${key} is also that of ${first.key}`,
        'give each operation an id of its own',
      )
    if (operationId !== undefined && !first) seen.set(operationId, operation)
    const candidates = operationId === undefined ? [fromPath] : [functionName(operationId), fromPath]
    return { key, candidates, node, given: operationId ?? key }
  })
}

/** The sets of names that a base name stands for, in order of preference. */
type Derive<Names> = (base: string, subject: Subject) => readonly Names[]

/** The form of a request makes way by itself: it must not cost the model its name. */
const modelNames: Derive<ModelNames> = (base, { isDirectional }) => {
  const names = { type: base, validator: `validate${capital(base)}`, base }
  return isDirectional
    ? ['', 'Model', '2'].map((suffix) => ({ ...names, writable: `${base}Writable${suffix}` }))
    : [names]
}

/** A model called `CreateUserResult` must not cost `createUser` its name, so only the types make way. */
const operationNames: Derive<OperationNames> = (base) =>
  ['', 'Operation'].map((infix) => ({
    call: base,
    result: `${base}Result`,
    operation: `${base}Operation`,
    inputType: `${capital(base)}${infix}Input`,
    resultType: `${capital(base)}${infix}Result`,
    base: infix === '' ? base : `${base} ${infix}`,
  }))

/** A leading underscore counts as capital enough. */
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

interface Group<Names extends { readonly base: string }> {
  readonly subjects: readonly Subject[]
  readonly pins: ReadonlyMap<string, string>
  readonly derive: Derive<Names>
  readonly names: Map<string, Names>
}

function createGroup<Names extends { readonly base: string }>(
  subjects: readonly Subject[],
  pins: ReadonlyMap<string, string>,
  derive: Derive<Names>,
): Group<Names> {
  return { subjects, pins, derive, names: new Map() }
}

function claim<Names extends { readonly base: string }>(
  group: Group<Names>,
  subject: Subject,
  base: string,
  taken: Set<string>,
  pinned?: { readonly own: string; readonly all: ReadonlySet<string> },
): boolean {
  for (const names of group.derive(base, subject)) {
    const { base: pin, ...identifiers } = names
    if (pinned && pin !== pinned.own) continue
    const all: readonly string[] = Object.values(identifiers)
    if (all.some((each) => taken.has(each) || isReserved(each))) continue
    // A model that a request now reaches must not take the name of another for its second form.
    if (pinned && all.some((each) => each !== base && pinned.all.has(each))) continue
    for (const each of all) taken.add(each)
    group.names.set(subject.key, names)
    return true
  }
  return false
}

function claimPinned<Names extends { readonly base: string }>(group: Group<Names>, taken: Set<string>): void {
  const all = new Set(group.subjects.flatMap(({ key }) => group.pins.get(key) ?? []))
  for (const subject of group.subjects) {
    const pin = group.pins.get(subject.key)
    // A pin edited by hand may hold anything; only what is an identifier can be a name.
    if (pin === undefined || !/^[\p{ID_Start}_$][\p{ID_Continue}$]*( Operation)?$/u.test(pin)) continue
    claim(group, subject, pin.split(' ', 1)[0]!, taken, { own: pin, all })
  }
}

function claimRest<Names extends { readonly base: string }>(
  group: Group<Names>,
  taken: Set<string>,
  diagnostics: Diagnostics,
): void {
  const isExact = (subject: Subject): boolean => subject.candidates[0] === subject.given
  const open = group.subjects.filter(({ key }) => !group.names.has(key)).sort((a, b) => (a.key < b.key ? -1 : 1))
  // Who claims one name comes before who claims two: the second is of our own making.
  const exact = open.filter(isExact)
  const simple = exact.filter(({ isDirectional }) => !isDirectional)
  const double = exact.filter(({ isDirectional }) => isDirectional)
  const numbers = new Map<string, number>()
  for (const subject of [...simple, ...double, ...open.filter((each) => !isExact(each))]) {
    const name = firstFree(subject.candidates, numbers, (candidate) => claim(group, subject, candidate, taken))
    if (name === subject.candidates[0]) continue
    diagnostics.warn(
      'renamed',
      subject.node,
      `"${subject.given}" is called ${name}, since ${subject.candidates[0]} is reserved or taken`,
      'the name is kept from now on; for another, edit names.json beside the output',
    )
  }
}

/** `numbers` has the next one of each name: thousands may want the same, and each must not try all again. */
function firstFree(
  candidates: readonly string[],
  numbers: Map<string, number>,
  isFree: (name: string) => boolean,
): string {
  for (const candidate of candidates) if (isFree(candidate)) return candidate
  const last = candidates.at(-1)!
  for (let number = numbers.get(last) ?? 2; ; number++) {
    if (!isFree(`${last}${number}`)) continue
    numbers.set(last, number + 1)
    return `${last}${number}`
  }
}

/** In the document's order again: that is how the output is read. */
function inOrder<Names extends { readonly base: string }>(group: Group<Names>): Map<string, Names> {
  return new Map(group.subjects.map(({ key }) => [key, group.names.get(key)!]))
}
