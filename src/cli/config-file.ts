import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { GenerateOptions } from '../codegen/index.ts'
import { UsageError } from './command.ts'

const names = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `authentype.config.${extension}`)

/** The configuration file of a folder; undefined where it has none. */
export function findConfig(folder: string): string | undefined {
  return names.map((name) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * The clients that a configuration file describes, with their paths made relative to the working directory.
 *
 * @throws UsageError for a file that cannot be read or is no configuration
 */
export async function loadConfig(path: string): Promise<readonly GenerateOptions[]> {
  const given = path.endsWith('.json') ? await readJson(path) : await importDefault(path)
  const clients: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (clients.length === 0 || clients.some((client) => typeof client !== 'object' || client === null)) {
    throw new UsageError(`${path}: its default export must be an object with "document" and "out", or a list of such`)
  }
  return clients.map((client) => fromFolder(client as GenerateOptions, dirname(resolve(path))))
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

let reads = 0

async function importDefault(path: string): Promise<unknown> {
  if (!existsSync(path)) throw new UsageError(`${path} cannot be read: there is no such file`)
  if (!/\.[cm]?[jt]s$/.test(path))
    throw new UsageError(`${path}: a configuration is a .js, .mjs, .ts, .mts or .json file`)
  // Read anew where it is watched: modules are kept by their URL.
  const url = `${pathToFileURL(resolve(path)).href}?read=${++reads}`
  try {
    return ((await import(url)) as { default?: unknown }).default
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
    }
    throw new UsageError(
      `${path}: this Node runs no TypeScript (22.18 and later do). Call it authentype.config.js, with the types in a ` +
        "comment: /** @type {import('authentype/codegen').GenerateConfig} */, or start Node with --import tsx",
    )
  }
}

function fromFolder(client: GenerateOptions, folder: string): GenerateOptions {
  const isLocal = (place: unknown): place is string =>
    typeof place === 'string' && !/^(https?|file):\/\/|^-$/i.test(place)
  const local = (place: string): string => (isLocal(place) ? relative('', resolve(folder, place)) || '.' : place)
  const { document, out, allowRefs, overlays } = client
  return {
    ...client,
    ...(isLocal(document) && document !== '' && { document: local(document) }),
    ...(isLocal(out) && out !== '' && { out: local(out) }),
    ...(Array.isArray(allowRefs) && { allowRefs: allowRefs.map(local) }),
    ...(Array.isArray(overlays) && {
      overlays: overlays.map((each) => (typeof each === 'string' ? local(each) : each)),
    }),
  }
}
