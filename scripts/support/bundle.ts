// Bundles by esbuild: as an application serves them to browsers, with their weight gzipped at level 9, and as programs
// of our own sources for Node, which then start at once.
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'

export interface BundleOptions {
  /** Where the imports of the entry are looked for. */
  readonly folder: string
  /** Files in the place of modules, by their names. */
  readonly alias: Readonly<Record<string, string>>
}

export interface Bundle {
  readonly text: string
  /** Bytes, gzipped. */
  readonly size: number
}

/** @param entry the text of a module */
export async function bundleForBrowsers(entry: string, { folder, alias }: BundleOptions): Promise<Bundle> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: folder, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias,
    write: false,
    logLevel: 'error',
  })
  const { text } = outputFiles[0]!
  return { text, size: gzipSync(text, { level: 9 }).length }
}

/** What the same operation weighs that is written by hand, without a check. */
export const plainFetch = (path: string): string => `export async function get(id) {
  const response = await fetch('https://x.example${path}' + encodeURIComponent(id))
  if (!response.ok) throw new Error('status ' + response.status)
  return response.json()
}`

/** What builds a program of our own sources, one file each; where from and where to is the caller's. */
export const nodeBundle = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['authentype-source'],
  logLevel: 'error',
  // Packages in CommonJS look for `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
} as const satisfies BuildOptions
