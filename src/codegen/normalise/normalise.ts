import { GenerateError } from '../../errors/generate.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { LoadedDocument } from '../load/load.ts'
import type { OperationSpec, Spec } from '../spec.ts'
import { cutAliasCycles } from './alias-cycles.ts'
import { type Context, createContext, type Part, resolve, type Target } from './context.ts'
import { liftRequired } from './lift-required.ts'
import { normaliseOperations } from './operations.ts'
import { follow, formatPointer } from './pointer.ts'
import { entries, isRawObject, own, text } from './raw.ts'
import { completeSchemas, nameSchema } from './schema.ts'
import { readSchemeUrls } from './scheme-urls.ts'
import { readSchemes } from './security.ts'
import { firstServer } from './servers.ts'
import { swaggerServers } from './swagger2.ts'

/** The document in the internal form, whatever its version. Faults become warnings. */
export function normalise(document: LoadedDocument, diagnostics: Diagnostics): Spec {
  const dialect = dialectOf(document)
  const context = createContext(document, diagnostics, dialect)
  const root: Part = { source: document.root, node: document.root.root }
  for (const source of document.sources.values()) {
    for (const { key, mapping } of source.duplicateKeys) {
      diagnostics.warn(
        'duplicate_key',
        mapping,
        `the key "${key}" comes twice in this mapping; the last one counts`,
        'remove one of them',
      )
    }
  }
  warnOfNoPaths(context, root)
  normaliseComponents(context, root)
  const operations: OperationSpec[] = normaliseOperations(context, root)
  const named = completeSchemas(context)
  const schemas = liftRequired(cutAliasCycles(named, diagnostics), diagnostics)
  return {
    title: text(own(own(root.node, 'info'), 'title')) ?? '',
    schemas,
    operations,
    schemeUrls: readSchemeUrls(readSchemes(context, root)),
    server: firstServer(dialect === 2 ? swaggerServers(root.node) : own(root.node, 'servers')),
  }
}

/** OpenAPI 3.1, 4.8.1: at least one of the three; a document without is a slip of the keyboard, and empty output a surprise. */
function warnOfNoPaths({ diagnostics }: Context, root: Part): void {
  const paths = own(root.node, 'paths')
  if (isRawObject(paths)) return
  const isAbsent = paths === undefined || paths === null
  if (isAbsent && ['components', 'definitions', 'webhooks'].some((key) => isRawObject(own(root.node, key)))) return
  const said = isAbsent ? 'the document has no "paths"' : '"paths" is not an object'
  diagnostics.warn('invalid_document', root.node, `${said}; there are no operations`, 'correct the name or the value')
}

function dialectOf(document: LoadedDocument): Context['dialect'] {
  const { root, name } = document.root
  const unsupported = (what: string): GenerateError =>
    new GenerateError(
      'document_unsupported',
      `${name} is ${what}; expected an OpenAPI document of version 2.0, 3.0, 3.1 or 3.2`,
      { file: name },
    )
  if (root === undefined || root === null) throw unsupported('empty')
  if (typeof root === 'string') throw unsupported('mere text, perhaps a web page')
  if (!isRawObject(root)) throw unsupported('not an object')
  const swagger = own(root, 'swagger')
  if (String(swagger) === '2.0' || swagger === 2) return 2
  if (swagger !== undefined) throw unsupported(`of Swagger version ${JSON.stringify(swagger)}`)
  const version = own(root, 'openapi')
  if (version === undefined) throw unsupported('an object without "openapi"')
  // Unquoted in YAML, `3.0` and `3.1` are numbers.
  const match = /^3(?:\.([0-2])(?:\.|$)|$)/.exec(String(version))
  if (!match) throw unsupported(`of OpenAPI version ${JSON.stringify(version)}`)
  return (match[1] ?? '0') === '0' ? 3.0 : 3.1
}

/** All named schemas of the document, in its order, used or not: their names are what users import. */
function normaliseComponents(context: Context, root: Part): void {
  const place = context.dialect === 2 ? ['definitions'] : ['components', 'schemas']
  const components = entries(follow(root.node, place)).map(([name, node]): Target => {
    const key = `#${formatPointer([...place, name])}`
    return adoptFile(context, { ...root, node, key, title: name })
  })
  for (const component of components) nameSchema(context, component)
}

/** A component that is nothing but a reference to another file is what stands there, under the component's name. */
function adoptFile(context: Context, component: Target): Target {
  const ref = text(own(component.node, '$ref'))
  if (
    ref === undefined ||
    ref.startsWith('#') ||
    !isRawObject(component.node) ||
    Object.keys(component.node).length > 1
  )
    return component
  const target = resolve(context, component, ref)
  if (!target || target.source === component.source || context.aliases.has(target.key)) return component
  context.aliases.set(target.key, component.key)
  return { ...component, source: target.source, node: target.node }
}
