import { realpathSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { maxDepth, tooDeep } from './depth.ts'
import type { Source } from './source.ts'

/** The other files that a source refers to, as absolute locations. Over-counts: examples may hold `$ref` as data. */
export function externalReferences(source: Source): string[] {
  const found = new Set<string>()
  const seen = new Set<object>()
  const visit = (node: unknown, depth: number): void => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return
    if (depth > maxDepth) throw tooDeep(source.name)
    seen.add(node)
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') {
        const target = resolveReference(source.location, value)
        if (target !== undefined && target.location !== source.location) found.add(target.location)
      } else visit(value, depth + 1)
    }
  }
  visit(source.root, 0)
  return [...found]
}

/** Splits a `$ref` into the absolute location of its file and the fragment; undefined where it is no URL reference. */
export function resolveReference(base: string, ref: string): { location: string; fragment: string } | undefined {
  const hash = ref.indexOf('#')
  const path = hash === -1 ? ref : ref.slice(0, hash)
  const fragment = hash === -1 ? '' : ref.slice(hash + 1)
  if (path === '') return { location: base, fragment }
  if (!URL.canParse(path, base)) return undefined
  return { location: new URL(path, base).href, fragment }
}

/** The refusal of a file that may be read as soon as it is there. */
export const missing = 'there is no such file'

/** Why a file may not be read, or undefined if it may: inside the document's folder, or named by `allowRefs`. */
export function refusal(location: string, root: string, allowRefs: readonly string[]): string | undefined {
  const { protocol, host } = new URL(location)
  const allowed = allowRefs.filter((each) => isUnder(location, each))
  if (protocol !== 'file:') return allowed.length > 0 ? undefined : `${protocol}//${host} is not allowed`
  if (!root.startsWith('file:') && allowed.length === 0) return 'a document that is not a file may not refer to files'
  const roots = [...(root.startsWith('file:') ? [dirname(fileURLToPath(root))] : []), ...allowed.map(toPath)]
  try {
    // A symbolic link inside of what is allowed must not lead out of it.
    const target = realpathSync(fileURLToPath(location))
    return roots.some((each) => isWithin(target, realpathSync(each)))
      ? undefined
      : "it is outside the document's folder"
  } catch {
    // The same answer for a file outside that exists and one that does not would need a check of its own:
    // nothing of the target is read or shown either way.
    return missing
  }
}

const isWithin = (path: string, place: string): boolean =>
  path === place || path.startsWith(place.endsWith(sep) ? place : place + sep)

const toPath = (allowed: string): string => (/^file:/i.test(allowed) ? fileURLToPath(allowed) : allowed)

/** `allowed` is a URL or a path, of one file or of a folder; a host is allowed by its origin. */
function isUnder(location: string, allowed: string): boolean {
  const prefix = /^[a-z][a-z0-9+.-]+:\/\//i.test(allowed) ? new URL(allowed).href : pathToFileURL(allowed).href
  if (location === prefix) return true
  return location.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}
